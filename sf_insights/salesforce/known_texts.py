"""The texts of the records that the last sync read: a record with the same text has the same values.

Most records are the same every day. Only the others are cast and compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

_HASHES = {"id_hash": pl.UInt64, "text_hash": pl.UInt64}


@dataclass(frozen=True)
class KnownTexts:
    """The records whose values the warehouse has in `columns`.

    `hashes` has one row (id_hash, text_hash) per record, as `hashes_of` gives them for these columns, sorted by
    text_hash. `state` identifies the state of the warehouse: pages that were landed for another one leave out other
    records. It is None when nothing is known.
    """

    hashes: pl.DataFrame
    columns: list[str] = field(default_factory=list)
    state: str | None = None

    @classmethod
    def nothing(cls) -> KnownTexts:
        return cls(pl.DataFrame(schema=_HASHES))

    def has(self, page: pl.DataFrame, hashes: pl.DataFrame) -> pl.Series:
        """Tell for each record of a page of texts whether it is known. `hashes` are those of all columns of the page.

        A changed record is taken for a known one with a chance of 1 in 10^19: both its hashes would have to be those of
        one known record.
        """
        if self.hashes.is_empty():
            return pl.repeat(value=False, n=len(page), dtype=pl.Boolean, eager=True)
        if page.columns != self.columns:
            hashes = hashes_of(page.select(self.columns))
        places = self.hashes["text_hash"].search_sorted(hashes["text_hash"]).clip(0, len(self.hashes) - 1)
        found = self.hashes[places]
        return (found["text_hash"] == hashes["text_hash"]) & (found["id_hash"] == hashes["id_hash"])


def hashes_of(page: pl.DataFrame) -> pl.DataFrame:
    """Return one row (id_hash, text_hash) per record of a page of texts with an Id; the columns' order matters."""
    return pl.DataFrame([page["Id"].hash().alias("id_hash"), page.hash_rows().alias("text_hash")])
