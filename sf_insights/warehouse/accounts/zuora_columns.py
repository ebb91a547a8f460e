"""The columns of zuora.accounts that the setting `zuora_columns` adds, under their names in Zuora.

A column that Zuora refuses to list is paused: it keeps its last values, and the next sync asks for it again. So the
sync succeeds, and nobody takes a missing value for an empty one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.zuora_columns import column_type
from sf_insights.insights_accounts.landed_list import COLUMNS, LandedList
from sf_insights.sql import identifier, parquet
from sf_insights.warehouse.accounts.columns import fit_column
from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction

_BOOKKEEPING = "changed_in_sync"


def extra_columns(tx: Transaction) -> ByApiName[str]:
    """Return the extra columns of zuora.accounts with their types in DuckDB."""
    held = tx.columns("zuora", "accounts")
    return ByApiName((name, type_) for name, type_ in held.items() if name not in (*COLUMNS, _BOOKKEEPING))


def fit_extra_columns(tx: Transaction, landed: LandedList) -> dict[str, str]:
    """Give zuora.accounts every extra column of a list, also the refused ones, in the settings' spelling.

    Columns that are no longer in the settings stay until the sync is complete, since views read them.

    Returns:
        SQL for the value of each landed column, by its name.
    """
    held = extra_columns(tx)
    for name in (*landed.extra.types, *landed.refused):
        if (before := held.spelling(name)) != name:
            tx.execute(f"ALTER TABLE zuora.accounts RENAME COLUMN {identifier(before)} TO {identifier(name)}")
    for name, needed in landed.extra.types.items():
        fit_column(tx, "zuora.accounts", name, held.get(name), needed)
    for name in landed.refused:
        if name not in held:
            fit_column(tx, "zuora.accounts", name, None, column_type(name))
    fitted = extra_columns(tx)
    return {name: f"{identifier(name)}::{fitted[name]}" for name in landed.extra.types}


def note_extra_columns(tx: Transaction, sync: Sync, landed: LandedList) -> None:
    """Record the paused columns and today's rejected values, in two tables that exist only when there are any."""
    paused, since = landed.refused, {name: day for name, (day, _) in paused_columns(tx).items()}
    tx.execute("DROP TABLE IF EXISTS zuora.paused_columns")
    if paused:
        tx.execute("""CREATE TABLE zuora.paused_columns ("column" VARCHAR, since DATE, reason VARCHAR)""")
        tx.insert(
            "zuora.paused_columns",
            [{"column": name, "since": since.get(name, sync.day), "reason": why} for name, why in paused.items()],
        )
    tx.execute("DROP TABLE IF EXISTS zuora.rejected_values")
    if landed.extra.rejected_values:
        tx.execute(
            'CREATE TABLE zuora.rejected_values AS SELECT record_id AS account_id, field AS "column", text, reason '
            f"FROM {parquet(landed.extra.rejected_values)}"
        )


def paused_columns(tx: Transaction) -> ByApiName[tuple[date, str]]:
    """Return since when and why each paused column is paused."""
    if not tx.columns("zuora", "paused_columns"):
        return ByApiName()
    return ByApiName((name, (since, why)) for name, since, why in tx.execute("FROM zuora.paused_columns"))


def drop_other_columns(tx: Transaction, wanted: Iterable[str]) -> None:
    """Drop the extra columns of zuora.accounts that the settings no longer have. Write the views afterwards."""
    kept = {name.casefold() for name in wanted}
    for name in extra_columns(tx):
        if name.casefold() not in kept:
            tx.execute(f"ALTER TABLE zuora.accounts DROP COLUMN {identifier(name)}")
