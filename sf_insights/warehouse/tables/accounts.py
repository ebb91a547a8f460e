"""What was landed, brought into the warehouse by comparison: Salesforce's accounts, and Zuora's list of them."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.domain.fields.plan import PlannedField
from sf_insights.domain.problems import GuardRefusal, IncompleteData
from sf_insights.domain.soql import SYSTEM_FIELDS
from sf_insights.insights_accounts.landed_list import COLUMNS, LandedList
from sf_insights.salesforce.parquet_pages import LandedAccounts
from sf_insights.sql import identifier, parquet, render
from sf_insights.warehouse.tables.plan import save_plan
from sf_insights.warehouse.tables.states import states_before
from sf_insights.warehouse.tables.syncs import Sync
from sf_insights.warehouse.transaction import Transaction

_MOSTLY_FILLED = 0.5
_BOOKKEEPING = ("absent_since", "changed_in_sync")


def apply_landed(tx: Transaction, sync: Sync, landed: LandedAccounts, plan: Sequence[PlannedField]) -> None:
    """Bring salesforce.raw_accounts to what was landed; rows that are the same as before are not touched.

    A field that went from mostly filled to all null is paused in the plan, and its column is left out.

    Raises:
        IncompleteData: an Id came twice, or a landed file is lost or damaged.
        GuardRefusal: far fewer live accounts than in the last complete sync.
    """
    with _lost_files_named(landed.directory):
        _apply(tx, sync, landed, plan)


def _apply(tx: Transaction, sync: Sync, landed: LandedAccounts, plan: Sequence[PlannedField]) -> None:
    [(records, different)] = tx.execute(f'SELECT count(*), count(DISTINCT "Id") FROM {parquet(landed.accounts)}')
    if records != landed.records:
        raise _lost_files(landed.directory)
    if records != different:
        twice = records - different
        raise IncompleteData(f"Salesforce delivered {twice} records twice.", "Run again; nothing was changed.")
    _guard_row_drop(
        sync,
        "Salesforce delivered {now:,} live accounts where the last sync had {before:,}.",
        before=_before(tx, sync, "salesforce_accounts"),
        now=landed.live,
    )
    emptied = _emptied_fields(tx, sync, landed, plan)
    if emptied:
        reason = (
            "it is empty in every account, where most had a value before; the integration user may have lost read "
            "access to it; if it is right, deselect it, sync, and select it again on a later day"
        )
        plan = [replace(field, paused_because=reason) if field.name in emptied else field for field in plan]
        save_plan(tx, sync.number, plan)
    columns = {name: type_ for name, type_ in landed.columns.items() if name not in emptied}
    added = _fit_columns(tx, columns)
    _view_landed(tx, landed, columns)
    tx.run(
        "salesforce/raw_accounts",
        {"day": sync.day, "sync": sync.number},
        columns=list(columns),
        added=bool(added),
        is_first=tx.is_empty("salesforce.raw_accounts"),
    )
    tx.run("salesforce/merged_accounts")
    tx.run("salesforce/unreferenced_accounts")
    tx.execute("DROP VIEW landed_accounts")
    _keep_statistics(tx, sync, landed, [field for field in plan if field.is_read])


def apply_list(tx: Transaction, sync: Sync, landed: LandedList) -> None:
    """Bring zuora.accounts to today's list.

    Raises:
        IncompleteData: a landed file is lost or damaged.
        GuardRefusal: far fewer accounts than in the last complete sync.
    """
    _guard_row_drop(
        sync,
        "The list of Insights accounts has {now:,} where the last sync had {before:,}.",
        before=_before(tx, sync, "zuora_accounts"),
        now=landed.accounts,
    )
    with _lost_files_named(landed.directory):
        tx.execute(f"CREATE OR REPLACE TEMP VIEW landed_list AS FROM {parquet(landed.files)}")
        if tx.value("SELECT count(*) FROM landed_list") != landed.accounts:
            raise _lost_files(landed.directory)
        tx.run(
            "zuora/accounts",
            {"sync": sync.number},
            columns=[name for name in COLUMNS if name != "Id"],
            is_first=tx.is_empty("zuora.accounts"),
        )


@contextmanager
def _lost_files_named(directory: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        if not any(name in str(error) for name in (str(directory), glob.escape(str(directory)))):
            raise
        raise _lost_files(directory) from error


def _lost_files(directory: Path) -> IncompleteData:
    return IncompleteData(
        f"Files in {directory} were removed or damaged while they were in use.",
        "Keep other programs away from that directory, look at the disk, and run again; nothing was changed.",
    )


def _before(tx: Transaction, sync: Sync, count: str) -> int | None:
    rows = tx.execute(
        f"SELECT {count} FROM ops.sync_runs WHERE state = 'complete' AND sync < $sync ORDER BY sync DESC LIMIT 1",
        {"sync": sync.number},
    )
    return rows[0][0] if rows else None


def _guard_row_drop(sync: Sync, sentence: str, before: int | None, now: int) -> None:
    allowed = sync.configuration.guards.max_row_drop
    if before and now < before * (1 - allowed) and "row-drop" not in sync.accepted:
        raise GuardRefusal(
            sentence.format(now=now, before=before),
            f"A drop of more than {allowed:.0%} is refused, and nothing was changed. If it is right, accept it for one "
            "run with `sf-insights sync --accept row-drop`.",
        )


def _emptied_fields(tx: Transaction, sync: Sync, landed: LandedAccounts, plan: Sequence[PlannedField]) -> set[str]:
    """The visible fields without any value now that were mostly filled when an earlier day read them last."""
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
    """Give raw_accounts exactly these columns, each wide enough for what it holds and what comes; return new ones."""
    existing = tx.columns("salesforce", "raw_accounts")
    kept = {*SYSTEM_FIELDS, *_BOOKKEEPING}
    for name in existing.keys() - columns.keys() - kept:
        tx.execute(f"ALTER TABLE salesforce.raw_accounts DROP COLUMN {identifier(name)}")
    for name, needed in columns.items():
        fit_column(tx, "salesforce.raw_accounts", name, existing.get(name), needed)
    return columns.keys() - existing.keys()


def fit_column(tx: Transaction, table: str, name: str, type_: str | None, needed: ColumnType) -> None:
    """Add a column, widen it, or start it anew when it is of another kind; never narrow it."""
    if type_ is not None:
        held = ColumnType.parse(type_)
        wider = held.widened(needed)
        if wider is not None and wider != held:
            tx.execute(f"ALTER TABLE {table} ALTER COLUMN {identifier(name)} TYPE {wider.sql}")
        if wider is not None:
            return
        tx.execute(f"ALTER TABLE {table} DROP COLUMN {identifier(name)}")
    tx.execute(f"ALTER TABLE {table} ADD COLUMN {identifier(name)} {needed.sql}")


def _view_landed(tx: Transaction, landed: LandedAccounts, columns: dict[str, ColumnType]) -> None:
    """The landed files as one relation, of the types that raw_accounts has."""
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
