"""ops.record_texts: the hashes of the texts that the rows of salesforce.raw_accounts were cast from.

They are written in the same transaction as the rows, so a known text always stands for the values that a row has.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.salesforce.known_texts import KnownTexts, reading_of
from sf_insights.salesforce.parquet_pages import LandedAccounts
from sf_insights.sql import literal, parquet
from sf_insights.warehouse.transaction import Transaction
from sf_insights.warehouse.versions import VERSION

_FILE = "known.parquet"


def known_texts(tx: Transaction, columns: Mapping[str, ColumnType], directory: Path) -> KnownTexts:
    """Return the texts whose values raw_accounts has for these columns; none if it has other columns or types.

    `directory` exists; a temporary file is written there, since DuckDB and polars share Parquet only.
    """
    reading = reading_of(columns, VERSION)
    held = tx.columns("salesforce", "raw_accounts")
    states = tx.execute("SELECT state FROM ops.record_texts_state WHERE reading = $reading", {"reading": reading})
    if not states or not columns.keys() <= held.keys():
        return KnownTexts.nothing(reading)
    file = directory / _FILE
    try:
        tx.execute(f"COPY (FROM ops.record_texts) TO {literal(str(file))} (FORMAT parquet, COMPRESSION uncompressed)")
        return KnownTexts(pl.read_parquet(file, glob=False).sort("text_hash"), reading, states[0][0])
    finally:
        file.unlink(missing_ok=True)


def save_texts(tx: Transaction, landed: LandedAccounts, *, is_whole: bool) -> None:
    """Remember the texts that were just landed; none unless raw_accounts now has all (`is_whole`) landed columns."""
    tx.run("salesforce/forget_texts")
    if landed.known is None or not is_whole:
        return
    tx.execute(
        f"INSERT INTO ops.record_texts SELECT id_hash, text_hash FROM {parquet(landed.records_seen)} "
        "WHERE text_hash IS NOT NULL"
    )
    tx.insert("ops.record_texts_state", [{"reading": landed.known.reading, "state": uuid.uuid4().hex}])
