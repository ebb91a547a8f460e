"""Split what is to be written into requests: Collections for few records, Bulk jobs for many."""

from __future__ import annotations

from sf_insights.domain.outbound.limits import MOST_BY_COLLECTIONS, MOST_IN_A_JOB, MOST_UPDATED
from sf_insights.outbound.delivery.journal import Channel, plan_batches
from sf_insights.salesforce.ingest_job import MOST_BYTES
from sf_insights.warehouse.transaction import Transaction

FIRST_RECORDS = 10
"""The records that are written and read back before all others, when a mapping is first used."""


def plan_delivery(tx: Transaction, *, run: int, object_name: str, limit: int | None, is_first: bool) -> Channel:
    """Write the batches of the cells to write, from the temporary table `decisions`; return the main channel."""
    tx.run("outbound/rows_to_write")
    if limit is not None:
        tx.execute("DELETE FROM rows_to_write WHERE place > $limit", {"limit": limit})
    records = tx.value("SELECT count(*) FROM rows_to_write")
    if is_first:
        _plan(tx, f"place <= {FIRST_RECORDS}", run, object_name, "collections", MOST_UPDATED, is_first=True)
        tx.execute(f"DELETE FROM rows_to_write WHERE place <= {FIRST_RECORDS}")
    if records <= MOST_BY_COLLECTIONS:
        _plan(tx, "true", run, object_name, "collections", MOST_UPDATED)
        return "collections"
    _plan(tx, "is_special", run, object_name, "collections", MOST_UPDATED)
    widest = int(tx.value("SELECT coalesce(max(bytes), 1) FROM rows_to_write WHERE NOT is_special")) + 30
    _plan(tx, "NOT is_special", run, object_name, "bulk", min(MOST_IN_A_JOB, max(1, MOST_BYTES // widest)))
    tx.execute("DROP TABLE rows_to_write")
    return "bulk"


def _plan(
    tx: Transaction, which: str, run: int, object_name: str, channel: Channel, size: int, *, is_first: bool = False
) -> None:
    tx.run("outbound/planned", which=which)
    plan_batches(tx, run=run, object_name=object_name, channel=channel, size=size, is_first=is_first)
