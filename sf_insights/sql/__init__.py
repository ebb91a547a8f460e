"""The warehouse's SQL: one file per table, view or step. Only this module inserts names and texts into SQL.

The files are Jinja templates. Values are bound (`$day`). What SQL cannot bind, such as column names and the texts of
comments, must use the filters `identifier` and `literal`.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sf_insights.domain.accounts.statuses import MATCHED, STATUSES
from sf_insights.domain.fields.statuses import VISIBLE

if TYPE_CHECKING:
    import jinja2

_DIRECTORY = Path(__file__).parent
_SIGNS = ("{{", "{%", "{#")  # every template has one


def identifier(name: str) -> str:
    """Quote a name for SQL."""
    if "\0" in name:
        raise ValueError("a name cannot contain a NUL")
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | None) -> str:
    """Quote a text for SQL where parameters are not allowed: in COMMENT ON and in views."""
    return "NULL" if text is None else "'" + text.replace("'", "''").replace("\0", "") + "'"


def literals(texts: Iterable[str]) -> str:
    """Return texts as a list for IN."""
    return f"({', '.join(map(literal, texts))})"


def identifiers(names: Iterable[str], table: str = "") -> str:
    """Return a list of quoted columns, each qualified with `table` if given."""
    return ", ".join(f"{table}.{identifier(name)}" if table else identifier(name) for name in names)


def migrations() -> list[int]:
    """Return the versions of all schema/migrate_to_<version>.sql in order; each migrates from the version before."""
    found = (re.fullmatch(r"migrate_to_(\d+)\.sql", file.name) for file in (_DIRECTORY / "schema").iterdir())
    return sorted(int(file[1]) for file in found if file)


def parquet(files: str) -> str:
    """Return SQL that reads all Parquet files of a glob pattern, matching columns by name.

    A folder called name=value does not add a column.
    """
    return f"read_parquet({literal(files)}, union_by_name = true, hive_partitioning = false)"


def csv_texts(files: Iterable[Path], columns: Iterable[str]) -> str:
    """Return SQL that reads CSV files with one header as texts: all values quoted, an empty one as NULL.

    `columns` are the header's names in their order. One thread reads each file, because DuckDB's parallel reader loses
    records with line breaks.
    """
    paths = ", ".join(literal(str(file)) for file in files)
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    return (
        f"read_csv([{paths}], columns = {{{types}}}, header = true, auto_detect = false, delim = ',',"
        " quote = '\"', escape = '\"', nullstr = '', parallel = false, max_line_size = 8388608)"
    )


def render(name: str, **names: Any) -> str:
    """Render sql/`name`.sql with the variables `names`."""
    text = _text(name)
    return _template(name).render(**names) if any(sign in text for sign in _SIGNS) else text


@cache
def _text(name: str) -> str:
    return (_DIRECTORY / f"{name}.sql").read_text(encoding="utf-8")


@cache  # Jinja's own cache looks at the file each time
def _template(name: str) -> jinja2.Template:
    return _environment().get_template(f"{name}.sql")


@cache
def _environment() -> jinja2.Environment:
    import jinja2  # a third of the files are plain SQL, and some commands need no others

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_DIRECTORY),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - SQL, not HTML: the filters below quote inserted values
    )
    made.filters.update(identifier=identifier, identifiers=identifiers, literal=literal, literals=literals)
    made.globals.update(match_statuses=STATUSES, matched_statuses=MATCHED, visible_statuses=VISIBLE)
    return made


def files_in(directory: Path, pattern: str) -> str:
    """Return a glob pattern of files in one directory, with special characters in the directory's name escaped."""
    return str(Path(glob.escape(str(directory)), pattern))
