"""Load DuckDB's extensions from installed wheels. Nothing is downloaded."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import duckdb

from sf_insights.domain.problems import LakeProblem
from sf_insights.sql import literal

LAKE, POSTGRES, OBJECT_STORAGE, AWS = "ducklake", "postgres_scanner", "httpfs", "aws"
_INSTALL = "Install them with `pip install 'sf-insights[lake]'`, and publish again with `sf-insights publish`."

# pip compared each wheel with its hash when it was installed. DuckDB would check the signature of 70 MB again for each
# connection, which takes a third of a small publication.
AS_INSTALLED = {"allow_unsigned_extensions": "true"}


def load_extensions(connection: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Load extensions into a connection.

    Raises:
        LakeProblem: a wheel is missing, or belongs to another version of DuckDB.
    """
    for name in names:
        file = extension_file(name)
        try:
            connection.execute(f"LOAD {literal(str(file))}")
        except duckdb.Error as error:
            raise LakeProblem(
                f"DuckDB {duckdb.__version__} cannot load its extension {name}: {str(error).splitlines()[0]}.", _INSTALL
            ) from None


def refuse_others(connection: duckdb.DuckDBPyConnection) -> None:
    """Refuse unsigned extensions from now on. DuckDB does not let anybody allow them again on this connection."""
    connection.execute("SET allow_unsigned_extensions = false")


def extension_file(name: str, version: str = duckdb.__version__) -> Path:
    """Return the file of an extension for a version of DuckDB.

    Raises:
        LakeProblem: as `load_extensions`.
    """
    package = f"duckdb_extension_{name}"
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise LakeProblem(f"The lake needs DuckDB's extension {name}, which is not installed.", _INSTALL)
    versions = Path(next(iter(spec.submodule_search_locations))) / "extensions"
    file = versions / f"v{version}" / f"{name}.duckdb_extension"
    if not file.is_file():
        found = ", ".join(sorted(path.name.removeprefix("v") for path in versions.glob("v*"))) or "none"
        raise LakeProblem(
            f"The installed extension {name} is for DuckDB {found}, and this is DuckDB {version}.",
            _INSTALL,
        )
    return file
