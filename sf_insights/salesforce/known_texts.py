"""The texts of the records that the last sync read: a record with the same text has the same values.

Most records are the same every day. Only the others are cast and compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import polars as pl

from sf_insights.domain.fields.field_types import ColumnType

HASHES = {"id_hash": pl.UInt64, "text_hash": pl.UInt64}


@dataclass(frozen=True)
class KnownTexts:
    """The records whose values the warehouse has.

    `hashes` has one row (id_hash, text_hash) per record, as `hashes_of` gives them, sorted by text_hash; it has no rows
    when nothing is known. `reading` identifies how texts became values. `state` identifies the state of the warehouse:
    pages that were landed for another one leave out other records.
    """

    hashes: pl.DataFrame
    reading: str
    state: str | None = None

    @classmethod
    def nothing(cls, reading: str) -> KnownTexts:
        return cls(pl.DataFrame(schema=HASHES), reading)

    def has(self, hashes: pl.DataFrame) -> pl.Series:
        """Tell for each record of a page whether its text is known.

        A changed record is taken for a known one with a chance of 1 in 10^19: both its hashes would have to be those of
        one known record.
        """
        if self.hashes.is_empty():
            return pl.repeat(value=False, n=len(hashes), dtype=pl.Boolean, eager=True)
        places = self.hashes["text_hash"].search_sorted(hashes["text_hash"]).clip(0, len(self.hashes) - 1)
        found = self.hashes[places]
        return (found["text_hash"] == hashes["text_hash"]) & (found["id_hash"] == hashes["id_hash"])


def hashes_of(page: pl.DataFrame) -> pl.DataFrame:
    """Return one row (id_hash, text_hash) per record of a page of texts with an Id; the columns' order matters."""
    return pl.DataFrame([page["Id"].hash().alias("id_hash"), page.hash_rows().alias("text_hash")])


def reading_of(columns: Mapping[str, ColumnType], version: str) -> str:
    """Identify how the texts of these columns become values and hashes.

    Polars promises equal hashes only within one of its versions, and `version` is that of the rules of casting.
    """
    described = [f"{name} {column.sql}" for name, column in columns.items()]
    return sha256("\n".join([version, pl.__version__, *described]).encode()).hexdigest()[:16]
