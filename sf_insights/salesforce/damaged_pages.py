"""Read pages with invalid bytes: each becomes U+FFFD, and its cell is reported.

Only pages that cannot be read as UTF-8 are read here. They are parsed as ISO-8859-1, in which every byte is valid and
CSV syntax is the same; then each cell is decoded on its own.
"""

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from sf_insights.domain.encodings import decoded, is_damaged, replaced

REASON = "has invalid bytes; they were replaced with U+FFFD, and the value was kept"

NOTHING_DAMAGED = pl.DataFrame(schema={"row": pl.Int64, "field": pl.String, "text": pl.String})

_CHUNK_BYTES = 1 << 20


def read_damaged(path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read a CSV page as text even if it contains invalid bytes.

    Returns:
        The page as from `pl.read_csv`, and one row (row, field, text) per cell that had invalid bytes.

    Raises:
        pl.exceptions.PolarsError: the page is not CSV.
    """
    with _as_single_bytes(path) as copy:
        raw = pl.read_csv(copy, infer_schema=False, null_values=[""], glob=False)
    columns, damaged = [], [NOTHING_DAMAGED]
    for cells in raw.iter_columns():
        name = replaced(decoded(cells.name.encode("latin-1")))
        text, rows = _repaired(cells)
        columns.append(text.alias(name))
        found = pl.DataFrame({"row": rows, "text": text.gather(rows)}, schema={"row": pl.Int64, "text": pl.String})
        damaged.append(found.select("row", pl.lit(name).alias("field"), "text"))
    return pl.DataFrame(columns), pl.concat(damaged)


def _repaired(cells: pl.Series) -> tuple[pl.Series, list[int]]:
    """Decode cells whose characters are bytes; return the texts and the rows with invalid bytes."""
    beyond_ascii = (cells.str.len_bytes() > cells.str.len_chars()).fill_null(value=False).arg_true()
    texts = [decoded(cell.encode("latin-1")) for cell in cells.gather(beyond_ascii)]
    damaged = [row for row, text in zip(beyond_ascii, texts, strict=True) if is_damaged(text)]
    return cells.clone().scatter(beyond_ascii, [replaced(text) for text in texts]), damaged


@contextmanager
def _as_single_bytes(path: Path) -> Iterator[Path]:
    """Provide a temporary copy with each byte as one character and without a byte order mark."""
    copy = path.with_suffix(".csv.bytes")
    try:
        with path.open("rb") as source, copy.open("wb") as target:
            chunk = source.read(_CHUNK_BYTES).removeprefix(codecs.BOM_UTF8)
            while chunk:
                target.write(chunk.decode("latin-1").encode())
                chunk = source.read(_CHUNK_BYTES)
        yield copy
    finally:
        copy.unlink(missing_ok=True)
