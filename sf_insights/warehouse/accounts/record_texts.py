"""ops.record_texts: the hashes of the texts that the rows of salesforce.raw_accounts were cast from.

They are written in the same transaction as the rows, so a known text always stands for the values that a row has.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping
from pathlib import Path

import polars as pl

from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.salesforce.known_texts import KnownTexts
from sf_insights.salesforce.parquet_pages import LandedAccounts
from sf_insights.sql import literal, parquet
from sf_insights.warehouse.transaction import Transaction
from sf_insights.warehouse.versions import VERSION

_FILE = "known.parquet"
# The version of the rules of casting. Polars promises equal hashes only within one of its versions.
_RULES = f"{VERSION}, polars {pl.__version__}"


def known_texts(
    tx: Transaction, columns: Mapping[str, ColumnType], directory: Path, may_be_new: Collection[str]
) -> KnownTexts:
    """Return the texts whose values raw_accounts has; none if its columns or their types do not suffice.

    Args:
        tx: the transaction.
        columns: the columns that are read today.
        directory: an existing one for a temporary file, since DuckDB and polars share Parquet only.
        may_be_new: columns that raw_accounts may lack.
    """
    states = tx.execute("SELECT columns, state FROM ops.record_texts_state WHERE rules = $rules", {"rules": _RULES})
    if not states:
        return KnownTexts.nothing()
    then: dict[str, str] = json.loads(states[0][0])
    now = {name: column.sql for name, column in columns.items()}
    held = tx.columns("salesforce", "raw_accounts").keys()
    if not then.items() <= now.items() or not then.keys() <= held or not now.keys() - then.keys() <= set(may_be_new):
        return KnownTexts.nothing()
    file = directory / _FILE
    try:
        tx.execute(f"COPY (FROM ops.record_texts) TO {literal(str(file))} (FORMAT parquet, COMPRESSION uncompressed)")
        return KnownTexts(pl.read_parquet(file, glob=False).sort("text_hash"), list(then), states[0][1])
    finally:
        file.unlink(missing_ok=True)


def save_texts(tx: Transaction, landed: LandedAccounts, *, is_whole: bool) -> None:
    """Remember the texts that were just landed; none unless raw_accounts now has all (`is_whole`) landed columns."""
    tx.run("salesforce/record_texts")
    if not is_whole:
        return
    tx.execute(
        f"INSERT INTO ops.record_texts SELECT id_hash, text_hash FROM {parquet(landed.records_seen)} "
        "WHERE text_hash IS NOT NULL"
    )
    columns = {name: column.sql for name, column in landed.requested.items()}
    tx.insert(
        "ops.record_texts_state",
        [{"rules": _RULES, "columns": json.dumps(columns), "state": uuid.uuid4().hex}],
    )
