"""salesforce.raw_accounts: the Salesforce Accounts. Each sync writes only new and changed rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.domain.fields.plan import PlannedField
from sf_insights.domain.problems import IncompleteData
from sf_insights.domain.soql import SYSTEM_FIELDS
from sf_insights.salesforce.parquet_pages import LandedAccounts
from sf_insights.sql import identifier, parquet, render
from sf_insights.warehouse.accounts.columns import fit_column
from sf_insights.warehouse.accounts.landed_files import lost_files, translated_file_errors
from sf_insights.warehouse.accounts.record_texts import save_texts
from sf_insights.warehouse.accounts.row_drop import last_count, refuse_row_drop
from sf_insights.warehouse.fields.plan import save_plan
from sf_insights.warehouse.fields.states import inactive_fields, states_before
from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction

_MOSTLY_FILLED = 0.5
_BOOKKEEPING = ("absent_since", "changed_in_sync")


def apply_landed(tx: Transaction, sync: Sync, landed: LandedAccounts, plan: Sequence[PlannedField]) -> None:
    """Update salesforce.raw_accounts from the landed files; write only new and changed rows.

    A field that was mostly filled and is now empty in every account is paused in the plan, and its column is left out.

    Raises:
        IncompleteData: an Id was delivered twice, or a landed file is missing or damaged.
        GuardRefusal: there are far fewer live accounts than in the last complete sync.
    """
    with translated_file_errors(landed.directory):
        _apply(tx, sync, landed, plan)


def _apply(tx: Transaction, sync: Sync, landed: LandedAccounts, plan: Sequence[PlannedField]) -> None:
    _refuse_incomplete(tx, landed)
    refuse_row_drop(
        sync,
        "Salesforce delivered {now:,} live accounts; the last sync had {before:,}.",
        before=last_count(tx, sync, "salesforce_accounts"),
        now=landed.live,
    )
    emptied = _emptied_fields(tx, sync, landed, plan)
    if emptied:
        reason = (
            "it is empty in every account, but most accounts had a value before; the integration user may have lost "
            "read access to it; if this is correct, deselect it, sync, and select it again on a later day"
        )
        plan = [replace(field, paused_because=reason) if field.name in emptied else field for field in plan]
        save_plan(tx, sync.number, plan)
    columns = {name: type_ for name, type_ in landed.columns.items() if name not in emptied}
    inactive = inactive_fields(tx, sync.day, [field.name for field in plan if field.is_read])
    added = _fit_columns(tx, columns)
    _view_landed(tx, landed, columns)
    tx.use_memory_for(len(columns))
    is_first = tx.is_empty("salesforce.raw_accounts")
    if added & inactive and not is_first:
        tx.use_most_memory()  # DuckDB keeps values that are updated in place in memory until they are written
    tx.run(
        "salesforce/raw_accounts",
        {"day": sync.day, "sync": sync.number},
        columns=list(columns),
        # A sync that failed may have dropped a column whose values the other tables have from the last complete sync.
        # So treat every row as changed.
        all_differ=bool(added - inactive) or landed.cast < landed.records,
        new=sorted(added & inactive),
        new_values=parquet(landed.new_values) if landed.new_columns else "landed_accounts",
        seen=parquet(landed.records_seen),
        is_first=is_first,
    )
    save_texts(tx, landed, is_whole=not emptied)
    tx.run("salesforce/merged_accounts")
    tx.run("salesforce/unreferenced_accounts")
    tx.execute("DROP VIEW landed_accounts")
    _keep_statistics(tx, sync, landed, [field for field in plan if field.is_read])


def _refuse_incomplete(tx: Transaction, landed: LandedAccounts) -> None:
    seen = parquet(landed.records_seen)
    # Comparing hashes takes a third of the time; the Ids tell whether two equal hashes are one record.
    [(records, hashes)] = tx.execute(f"SELECT count(*), count(DISTINCT id_hash) FROM {seen}")
    cast = tx.value(f"SELECT count(*) FROM {parquet(landed.accounts)}")
    others = tx.value(f"SELECT count(*) FROM {parquet(landed.new_values)}") if landed.new_columns else records - cast
    if (records, cast, others) != (landed.records, landed.cast, landed.records - landed.cast):
        raise lost_files(landed.directory)
    twice = records - tx.value(f'SELECT count(DISTINCT "Id") FROM {seen}') if hashes < records else 0
    if twice:
        raise IncompleteData(f"Salesforce delivered {twice} records twice. Nothing was changed.", "Run again.")


def _emptied_fields(tx: Transaction, sync: Sync, landed: LandedAccounts, plan: Sequence[PlannedField]) -> set[str]:
    """Return the visible fields that are empty now, but were mostly filled when an earlier day last read them."""
    filled_before = dict(tx.execute(render("ops/mostly_filled"), {"day": sync.day, "share": _MOSTLY_FILLED}))
    states = states_before(tx, sync.day)
    return {
        field.name
        for field in plan
        if field.is_read
        and field.name in states
        and states[field.name].is_visible
        and filled_before.get(field.name)
        and landed.live
        and not landed.filled[field.name]
    }


def _fit_columns(tx: Transaction, columns: dict[str, ColumnType]) -> set[str]:
    """Give raw_accounts exactly these columns, wide enough for the old and new values; return the added ones."""
    existing = tx.columns("salesforce", "raw_accounts")
    kept = {*SYSTEM_FIELDS, *_BOOKKEEPING}
    for name in existing.keys() - columns.keys() - kept:
        tx.execute(f"ALTER TABLE salesforce.raw_accounts DROP COLUMN {identifier(name)}")
    for name, needed in columns.items():
        fit_column(tx, "salesforce.raw_accounts", name, existing.get(name), needed)
    return columns.keys() - existing.keys()


def _view_landed(tx: Transaction, landed: LandedAccounts, columns: dict[str, ColumnType]) -> None:
    """Create the view `landed_accounts` over the landed files, with the column types of raw_accounts."""
    held = tx.columns("salesforce", "raw_accounts")
    cast = ", ".join(f"{identifier(name)}::{held[name]} AS {identifier(name)}" for name in columns)
    tx.execute(f"CREATE OR REPLACE TEMP VIEW landed_accounts AS SELECT {cast} FROM {parquet(landed.accounts)}")


def _keep_statistics(tx: Transaction, sync: Sync, landed: LandedAccounts, read: Sequence[PlannedField]) -> None:
    tx.execute("DELETE FROM ops.field_stats WHERE sync = $sync", {"sync": sync.number})
    tx.execute("DELETE FROM ops.rejected_values WHERE sync = $sync", {"sync": sync.number})
    tx.insert(
        "ops.field_stats",
        [
            {
                "sync": sync.number,
                "field": field.name,
                "accounts": landed.live,
                "filled": landed.filled[field.name],
                "rejected": landed.rejected[field.name],
            }
            for field in read
        ],
    )
    if landed.rejected_values:
        tx.execute(
            "INSERT INTO ops.rejected_values SELECT $sync, $day, record_id, field, text, reason "
            f"FROM {parquet(landed.rejected_values)}",
            {"sync": sync.number, "day": sync.day},
        )
