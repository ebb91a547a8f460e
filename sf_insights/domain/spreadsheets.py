"""CSV that a spreadsheet shows as plain text, never as formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

# Without a byte order mark, spreadsheets do not recognise UTF-8.
BYTE_ORDER_MARK = "\ufeff"
# Full-width forms too: some spreadsheets read them like the ASCII ones.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_lines(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield a CSV file in parts: the byte order mark with the header, then each row."""
    yield BYTE_ORDER_MARK + _line(heads)
    for row in rows:
        yield _line([_cell(value) for value in row])


def _line(values: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
