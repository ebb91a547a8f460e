"""Results of Bulk API query jobs: CSV files, and pages that are ranges of them."""

import array
import base64
import binascii
import itertools
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sf_insights.demo.data.fields import TEXT_TYPES
from sf_insights.demo.soql.names import Column
from sf_insights.demo.web.errors import ApiError
from sf_insights.demo.web.requests import FilePart

_ROWS_AT_ONCE = 2000


class Stopped(Exception):
    """The job was aborted while its result was being written."""


@dataclass
class Result:
    """The written result of a query: a CSV of all records without a header, and the byte offset of each record."""

    path: Path
    header: bytes
    offsets: array.array  # type: ignore[type-arg]  # generic from Python 3.12 on

    @property
    def records(self) -> int:
        """The number of records."""
        return len(self.offsets) - 1

    def page(self, start: int, count: int) -> FilePart:
        """Return the page of up to `count` records from `start`, with the header."""
        begin, end = self.offsets[start], self.offsets[min(start + count, self.records)]
        return FilePart(self.header, self.path, begin, end - begin)


def row_sql(columns: list[Column], separator: str, end: str) -> str:
    """Return the SQL expression for a CSV record as bytes: every value quoted, quotes doubled, null as two quotes."""
    values = []
    for column in columns:
        # A value of any type begins with the letter of its type.
        text = f"substr({column.sql}, 2)" if column.type == "anyType" else column.sql
        value = f"ifnull({text}, '')"
        values.append(f"replace({value}, '\"', '\"\"')" if column.type in {*TEXT_TYPES, "anyType"} else value)
    ending = "char(13, 10)" if end == "\r\n" else "char(10)"
    between = f" || '\"{separator}\"' || "
    # SQLite limits the depth of an expression, so columns are joined in groups.
    groups = ["(" + between.join(values[at : at + 50]) + ")" for at in range(0, len(values), 50)]
    return f"CAST('\"' || {between.join(groups)} || '\"' || {ending} AS BLOB)"


def write(path: Path, rows: sqlite3.Cursor, stop: threading.Event, wrote: Callable[[int], None]) -> array.array:  # type: ignore[type-arg]
    """Write the records of a query to a file, and their byte offsets to another; return the offsets.

    Args:
        stop: set when the job is aborted.
        wrote: called with the number of records written so far.

    Raises:
        Stopped: the job was aborted.
    """
    offsets = array.array("Q", [0])
    total = 0
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("wb") as file:
        while batch := rows.fetchmany(_ROWS_AT_ONCE):
            if stop.is_set():
                raise Stopped
            records = [record for (record,) in batch]
            file.writelines(records)
            ends = list(itertools.accumulate(map(len, records), initial=total))
            total = ends[-1]
            offsets.extend(ends[1:])
            wrote(len(offsets) - 1)
    with path.with_suffix(".offsets").open("wb") as file:
        offsets.tofile(file)
    unfinished.rename(path)
    return offsets


def read_offsets(path: Path) -> array.array | None:  # type: ignore[type-arg]
    """Return the byte offsets of a written result's records; None if the result is not written."""
    if not path.exists():
        return None
    path.touch()
    offsets = array.array("Q")
    offsets.frombytes(path.with_suffix(".offsets").read_bytes())
    return offsets


def locator_of(start: int) -> str:
    """Return the locator of the page that starts at this record."""
    return base64.urlsafe_b64encode(str(start).encode()).decode().rstrip("=")


def position_of(locator: str | None) -> int | None:
    """Return the record at which the page of a locator starts; None without a locator.

    Raises:
        ApiError: 400 INVALID_QUERY_LOCATOR.
    """
    if locator is None:
        return None
    try:
        return int(base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)))
    except (ValueError, binascii.Error):
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator") from None
