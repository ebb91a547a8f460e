"""Pages with bytes that are not text: each such place becomes U+FFFD, and its cell is named.

Only such pages come here. They are read as ISO-8859-1, in which every byte is a character and the CSV the same; then
each cell is decoded by itself.
"""

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from sf_insights.domain.encodings import decoded, is_damaged, replaced

REASON = "has bytes that are not text; U+FFFD stands for them, and the value is kept"

NOTHING_DAMAGED = pl.DataFrame(schema={"row": pl.Int64, "field": pl.String, "text": pl.String})

_CHUNK_BYTES = 1 << 20


def read_damaged(path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read a CSV page as text, whatever bytes are in it.

    Returns:
        The page as `pl.read_csv` gives a clean one, and a row (row, field, text) for each cell that was damaged.

    Raises:
        pl.exceptions.PolarsError: it is not CSV.
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
    """The text of cells whose characters are bytes, and in which rows it was damaged."""
    beyond_ascii = (cells.str.len_bytes() > cells.str.len_chars()).fill_null(value=False).arg_true()
    texts = [decoded(cell.encode("latin-1")) for cell in cells.gather(beyond_ascii)]
    damaged = [row for row, text in zip(beyond_ascii, texts, strict=True) if is_damaged(text)]
    return cells.clone().scatter(beyond_ascii, [replaced(text) for text in texts]), damaged


@contextmanager
def _as_single_bytes(path: Path) -> Iterator[Path]:
    """A copy with each byte as a character of its own, without a byte order mark, until the end of the block."""
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
