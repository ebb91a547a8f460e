"""The snapshot for analysts: a closed, read-only copy of the warehouse that replaces the last one in one step."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from sf_insights.domain.problems import WarehouseProblem
from sf_insights.system.clock import now
from sf_insights.system.signals import forget_signals
from sf_insights.warehouse.compaction import compact, has_holes
from sf_insights.warehouse.copies import replace_file
from sf_insights.warehouse.transaction import Transaction
from sf_insights.warehouse.versions import STORAGE_VERSION
from sf_insights.warehouse.warehouse import Warehouse

_READ_ONLY = 0o444
_COMPARED = ("salesforce.raw_accounts", "zuora.accounts")


def publish(warehouse: Warehouse, snapshot: Path, *, after_sync: bool) -> int:
    """Put a copy of the warehouse in the place of `snapshot` and return its size in bytes.

    An analyst who has the old file open keeps it, unchanged, until the connection is closed. `after_sync`: this ends
    the last complete sync, and what that has read in full is not read again to see that it is whole.

    Raises:
        WarehouseProblem: the insights tables are not all of the last complete sync; the old snapshot stays.
    """
    with warehouse.transaction() as tx:
        _refuse_mixed(tx)
        worth_compacting = has_holes(tx)
        just_read = _COMPARED if after_sync and _has_landed(tx) else ()
    moment = now()
    file = warehouse.checkpointed()
    try:
        if worth_compacting:
            compact(file)
        replace_file(
            file,
            snapshot,
            mode=_READ_ONLY,
            complete=lambda copy: _stamp_copy(copy, moment),
            just_read=just_read,
        )
    finally:
        warehouse.reopen()
    forget_signals()  # it is published, and a run that stopped here would say that it is not
    # Only now: when anything before fails, or the process dies, the warehouse does not say of a sync that it is there.
    with warehouse.transaction() as tx:
        _stamp(tx, moment)
    return snapshot.stat().st_size


def was_published(tx: Transaction) -> bool:
    """Whether analysts have had the last complete sync before, which a corrected label publishes again."""
    return bool(
        tx.value("SELECT runs.published_at IS NOT NULL FROM ops.sync_runs AS runs JOIN insights.snapshot USING (sync)")
    )


def _has_landed(tx: Transaction) -> bool:
    """Whether the last complete sync read both lists, and did not start with what another had landed."""
    return bool(
        tx.value(
            "SELECT least(salesforce_landed_at, zuora_landed_at) >= opened_at FROM ops.sync_runs "
            "WHERE sync = (SELECT sync FROM insights.snapshot)"
        )
    )


def _stamp_copy(copy: Path, moment: datetime) -> None:
    with duckdb.connect(str(copy), config={"storage_compatibility_version": STORAGE_VERSION}) as connection:
        _stamp(Transaction(connection), moment)
        connection.execute("CHECKPOINT")


def _stamp(tx: Transaction, moment: datetime) -> None:
    """Say when a sync was published first: a corrected label makes what it brought no younger."""
    first = "CASE WHEN published_at <= $moment THEN published_at ELSE $moment END"
    tx.execute(f"UPDATE insights.snapshot SET published_at = {first}", {"moment": moment})
    tx.execute(
        f"UPDATE ops.sync_runs SET published_at = {first} WHERE sync = (SELECT sync FROM insights.snapshot)",
        {"moment": moment},
    )


def _refuse_mixed(tx: Transaction) -> None:
    complete = tx.value("SELECT max(sync) FROM ops.sync_runs WHERE state = 'complete'")
    if complete is None:
        raise WarehouseProblem("Nothing has been synced completely yet.", "Run `sf-insights sync`.")
    # Of what analysts see, Zuora's list and the matches are written before the rest.
    matched = tx.value("SELECT max(sync) FROM ops.sync_runs WHERE matched_accounts IS NOT NULL")
    of_snapshot = tx.value("SELECT max(sync) FROM insights.snapshot")
    if matched != complete or of_snapshot != complete or _list_is_newer(tx, complete):
        raise WarehouseProblem(
            "The tables are not all of the same sync, since the last one did not complete.",
            "Run `sf-insights sync`; until then the last snapshot stays.",
        )


def _list_is_newer(tx: Transaction, complete: int) -> bool:
    """Whether Zuora's list changed since a complete sync: accounts that came or changed are marked, others counted."""
    changed = tx.value("SELECT count(*) FROM zuora.accounts WHERE changed_in_sync > $sync", {"sync": complete})
    counted = tx.value("SELECT zuora_accounts FROM ops.sync_runs WHERE sync = $sync", {"sync": complete})
    return bool(changed) or tx.value("SELECT count(*) FROM zuora.accounts") != counted
