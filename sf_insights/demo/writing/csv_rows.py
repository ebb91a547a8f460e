"""Salesforce's rules for an uploaded CSV.

Line ends are those of the job, also inside quotes. An empty cell leaves its field alone, `#N/A` clears it. Blanks are
part of a cell, so none may stand beside a quote. Column names are compared by letter case: a wrongly cased column is
not written, and comes back without its values.

Sources: Salesforce, Bulk API 2.0 Developer Guide, "Prepare CSV Files", "Valid CSV Record Rows"; the message on quotes
is that of Salesforce's own CSV reader.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sf_insights.demo.data.fields import Field
from sf_insights.demo.data.values import INTEGERS, NUMBERS_WITH_DECIMALS
from sf_insights.demo.soql.objects import ObjectType
from sf_insights.demo.writing.chunks import Row
from sf_insights.demo.writing.refusals import Refused
from sf_insights.demo.writing.values import NULL, from_cell

MAX_CELL = 32_000
_UNESCAPED = "Found unescaped quote. A value with quote should be within a quote"
_REWRITTEN = NUMBERS_WITH_DECIMALS | INTEGERS | {"date", "datetime", "time", "boolean"}


class BadUpload(Exception):
    """The whole upload is refused, and nothing is written; the text is the job's errorMessage."""


@dataclass(frozen=True)
class Record:
    """One record of the CSV, with the reason why it cannot be read."""

    cells: list[str]
    problem: str | None = None


@dataclass(frozen=True)
class Header:
    """The columns of an upload: their names as sent, and the field of each, None for a column that is not written."""

    names: list[str]
    fields: list[Field | None]
    id_at: int | None


def decoded(content: bytes, line_ending: str) -> str:
    """Return an upload's text.

    Args:
        line_ending: LF or CRLF.

    Raises:
        BadUpload: it is not UTF-8, or has other line ends than the job.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise BadUpload("ClientInputError : Content is not valid UTF-8") from None
    other = re.search(r"\r" if line_ending == "LF" else r"(?<!\r)\n|\r(?!\n)", text)
    if other:
        raise BadUpload(
            f"ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {line_ending}"
        )
    return text


def records(text: str, delimiter: str, end: str) -> Iterator[Record]:
    """Yield the header and the records of a CSV, without empty lines."""
    stop = f"(?={re.escape(delimiter)}|{end}|\\Z)"
    cell = re.compile(rf'(?:"([^"]*(?:""[^"]*)*)"|([^"{re.escape(delimiter)}\r\n]*)){stop}')
    position = 0
    while position < len(text):
        cells: list[str] = []
        problem = None
        while True:
            found = cell.match(text, position)
            if found is None:
                problem = _UNESCAPED
                after = text.find(end, position)
                cells.append(text[position : after if after >= 0 else len(text)])
                position = after if after >= 0 else len(text)
                break
            quoted, bare = found.groups()
            cells.append(bare if quoted is None else quoted.replace('""', '"'))
            position = found.end()
            if not text.startswith(delimiter, position):
                break
            position += len(delimiter)
        position += len(end)
        if cells != [""]:
            yield Record(cells, problem)


def header_of(found: ObjectType, names: list[str]) -> Header:
    """Return the columns of an upload.

    Raises:
        BadUpload: the object has no such field, or the user may not see it.
    """
    fields: list[Field | None] = []
    for name in names:
        field = found.field(name)
        if field is None:
            raise BadUpload(f"InvalidBatch : Field name not found : {name}")
        fields.append(field if field.name == name else None)
    return Header(names, fields, names.index("Id") if "Id" in names else None)


def csv_row(header: Header, record: Record) -> Row:
    """Return the row of a record; problems refuse the row."""
    id_ = record.cells[header.id_at] if header.id_at is not None and header.id_at < len(record.cells) else ""
    row = Row(id_)
    if record.problem:
        row.refused = Refused("API_ERROR", record.problem)
    elif len(record.cells) != len(header.names):
        message = f"The record has {len(record.cells)} columns, the header has {len(header.names)}"
        row.refused = Refused("API_ERROR", message)
    elif any(len(cell) > MAX_CELL for cell in record.cells):
        row.refused = Refused("API_ERROR", f"A value has more than {MAX_CELL} characters")
    if row.refused:
        return row
    for number, (field, cell) in enumerate(zip(header.fields, record.cells, strict=True)):
        if field is None or not cell or number == header.id_at:
            continue
        row.values[field.name] = None
        if field.updateable:  # the others are refused when the row is written
            try:
                row.values[field.name] = from_cell(field, cell, number)
            except Refused as refused:
                row.refused = row.refused or refused
    return row


def returned_cells(header: Header, record: Record, row: Row, written: bool) -> list[str]:
    """Return a record's cells as results show them: those of wrongly cased columns are empty.

    Args:
        written: Salesforce shows numbers, dates and times of written records as it stored them.
    """
    cells = []
    for number, field in enumerate(header.fields):
        cell = record.cells[number] if field is not None and number < len(record.cells) else ""
        if written and cell and cell != NULL and field is not None and field.type in _REWRITTEN:
            cell = row.values.get(field.name) or ""
        cells.append(cell)
    return cells
