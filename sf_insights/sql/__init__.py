"""The SQL of the warehouse: one file per table, view or step, and the only place that puts a name or a text into SQL.

Files are Jinja templates. Values are bound (`$day`); what SQL cannot bind, names of columns and the texts of comments,
passes through the filters `identifier` and `literal`.
"""

import glob
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2


def identifier(name: str) -> str:
    """A name as SQL writes it: quoted, whatever it holds."""
    if "\0" in name:
        raise ValueError("a name cannot hold a NUL")
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | None) -> str:
    """A text as SQL writes it where no parameter is allowed: in COMMENT ON and inside views."""
    return "NULL" if text is None else "'" + text.replace("'", "''").replace("\0", "") + "'"


def identifiers(names: Iterable[str], table: str = "") -> str:
    """A list of columns, each of `table` when given."""
    return ", ".join(f"{table}.{identifier(name)}" if table else identifier(name) for name in names)


_files = jinja2.Environment(
    loader=jinja2.PackageLoader("sf_insights", "sql"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,  # noqa: S701 - SQL, not HTML: the filters below quote what is put in
)
_files.filters.update(identifier=identifier, identifiers=identifiers, literal=literal)


def migrations() -> list[int]:
    """The schema versions to which a sql/schema/migrate_to_<version>.sql leads from the one before, in order."""
    found = (re.fullmatch(r"schema/migrate_to_(\d+)\.sql", name) for name in _files.list_templates())
    return sorted(int(file[1]) for file in found if file)


def parquet(files: str) -> str:
    """SQL that reads the Parquet files of a pattern by the names of their columns.

    What is in them is read and nothing else: a folder called name=value is no column.
    """
    return f"read_parquet({literal(files)}, union_by_name = true, hive_partitioning = false)"


def render(name: str, **names: Any) -> str:
    """The text of sql/`name`.sql with `names` put in."""
    return _files.get_template(f"{name}.sql").render(**names)


def files_in(directory: Path, pattern: str) -> str:
    """A glob pattern of files in one directory, whatever signs stand in its name."""
    return str(Path(glob.escape(str(directory)), pattern))
