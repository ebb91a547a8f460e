"""Publish the snapshot for analysts: a read-only copy of the warehouse that replaces the old one in one step."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sf_insights.domain.problems import WarehouseProblem
from sf_insights.system.clock import now
from sf_insights.system.signals import forget_signals
from sf_insights.warehouse.compaction import compact, has_holes
from sf_insights.warehouse.copies import replace_file
from sf_insights.warehouse.transaction import Transaction
from sf_insights.warehouse.warehouse import Warehouse

_READ_ONLY = 0o444
_COMPARED = ("zuora.accounts",)


def publish(warehouse: Warehouse, snapshot: Path, *, after_sync: bool) -> int:
    """Replace the snapshot with a copy of the warehouse; return its size in bytes.

    An analyst who has the old file open keeps it, unchanged, until the connection is closed.

    Args:
        warehouse: the open warehouse.
        snapshot: the file to replace.
        after_sync: whether the run that publishes also made the last complete sync. Tables that the sync read in full
            are then not checked for damage again.

    Raises:
        WarehouseProblem: the insights tables are not all from the last complete sync; the old snapshot stays.
    """
    with warehouse.transaction() as tx:
        _refuse_mixed(tx)
        worth_compacting = has_holes(tx)
        just_read = _COMPARED if after_sync and _has_landed(tx) else ()
    moment = now()
    file = warehouse.checkpointed()
    try:
        if worth_compacting:
            compact(file, warehouse.limits)
        replace_file(
            file,
            snapshot,
            mode=_READ_ONLY,
            limits=warehouse.limits,
            complete=lambda copy: _complete(Transaction(copy), moment),
            just_read=just_read,
            reads_while_copying=True,
        )
    finally:
        warehouse.reopen()
    forget_signals()  # the snapshot is published; a run that stopped here would report a failure
    # Record the publication last, so that a failed publish never looks published.
    with warehouse.transaction() as tx:
        _stamp(tx, moment)
    return snapshot.stat().st_size


def was_published(tx: Transaction) -> bool:
    """Tell whether the last complete sync was published before; changed labels publish a sync again."""
    return bool(
        tx.value("SELECT runs.published_at IS NOT NULL FROM ops.sync_runs AS runs JOIN insights.snapshot USING (sync)")
    )


def _has_landed(tx: Transaction) -> bool:
    """Tell whether the last complete sync landed both account lists itself instead of reusing landed ones."""
    return bool(
        tx.value(
            "SELECT least(salesforce_landed_at, zuora_landed_at) >= opened_at FROM ops.sync_runs "
            "WHERE sync = (SELECT sync FROM insights.snapshot)"
        )
    )


def _complete(copy: Transaction, moment: datetime) -> None:
    """Stamp the copy, and remove the hashes, which only a sync needs and which differ each day."""
    _stamp(copy, moment)
    copy.run("salesforce/record_texts")


def _stamp(tx: Transaction, moment: datetime) -> None:
    """Set the time when the sync was first published, and clear the reason why it was not published before.

    Publishing again for a label change keeps the time.
    """
    first = "CASE WHEN published_at <= $moment THEN published_at ELSE $moment END"
    tx.execute(f"UPDATE insights.snapshot SET published_at = {first}", {"moment": moment})
    tx.execute(
        f"UPDATE ops.sync_runs SET published_at = {first}, reason = NULL "
        "WHERE sync = (SELECT sync FROM insights.snapshot)",
        {"moment": moment},
    )


def _refuse_mixed(tx: Transaction) -> None:
    complete = tx.value("SELECT max(sync) FROM ops.sync_runs WHERE state = 'complete'")
    if complete is None:
        raise WarehouseProblem("Nothing has been synced completely yet.", "Run `sf-insights sync`.")
    # An incomplete sync may have changed the matches and Zuora's list, which are written before the other tables.
    matched = tx.value("SELECT max(sync) FROM ops.sync_runs WHERE matched_accounts IS NOT NULL")
    of_snapshot = tx.value("SELECT max(sync) FROM insights.snapshot")
    if matched != complete or of_snapshot != complete or _list_is_newer(tx, complete):
        raise WarehouseProblem(
            "The tables are not all from the same sync, because the last sync did not complete.",
            "Run `sf-insights sync`. Until then, the last snapshot stays.",
        )


def _list_is_newer(tx: Transaction, complete: int) -> bool:
    """Tell whether Zuora's list changed since a complete sync: rows are marked as changed, or their count differs."""
    changed = tx.value("SELECT count(*) FROM zuora.accounts WHERE changed_in_sync > $sync", {"sync": complete})
    counted = tx.value("SELECT zuora_accounts FROM ops.sync_runs WHERE sync = $sync", {"sync": complete})
    return bool(changed) or tx.value("SELECT count(*) FROM zuora.accounts") != counted
