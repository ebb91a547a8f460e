"""The journal of deliveries: each batch and its cells are committed before a request, and its outcome after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sf_insights.outbound.state import target_columns
from sf_insights.system.clock import now
from sf_insights.warehouse.transaction import Transaction

Channel = Literal["collections", "bulk"]


@dataclass(frozen=True)
class Batch:
    """One request of Collections, or one job of the Bulk API, as the journal has it."""

    batch: int
    run: int
    object: str
    channel: Channel
    round: int
    state: str
    job_id: str | None
    records: int
    began_at: datetime | None
    is_first: bool


def plan_batches(
    tx: Transaction, *, run: int, object_name: str, channel: Channel, size: int, round_: int = 0, is_first: bool = False
) -> None:
    """Write the cells of the temporary table `planned` into batches of `size` records, and drop the table."""
    following = tx.value("SELECT coalesce(max(batch), 0) + 1 FROM ops.batches")
    parameters = {
        "next": following,
        "size": size,
        "run": run,
        "object": object_name,
        "channel": channel,
        "round": round_,
        "is_first": is_first,
    }
    tx.run("outbound/plan_batches", parameters)
    tx.execute("DROP TABLE planned")


def unsettled(tx: Transaction) -> list[Batch]:
    """Return the batches that have no outcome yet, in the order of sending."""
    return [Batch(**row) for row in tx.records("FROM ops.batches WHERE state != 'settled' ORDER BY batch")]


def jobs_to_remove(tx: Transaction) -> list[str]:
    """Return the jobs whose results are recorded, and that Salesforce may still have."""
    return [
        job for (job,) in tx.execute("SELECT job_id FROM ops.batches WHERE state = 'settled' AND job_id IS NOT NULL")
    ]


def note(
    tx: Transaction, batch: Batch, state: str, *, job_id: str | None = None, moment: datetime | None = None
) -> None:
    """Record how far a batch is. The first moment that is noted stays as `began_at`."""
    tx.execute(
        "UPDATE ops.batches SET state = $state, job_id = coalesce($job, job_id), began_at = coalesce(began_at, $now)"
        " WHERE batch = $batch",
        {"state": state, "job": job_id, "now": moment or now(), "batch": batch.batch},
    )


def abandon(tx: Transaction, batch: Batch) -> None:
    """Forget a batch that wrote nothing; its cells still differ, so the next comparison finds them."""
    tx.execute("DELETE FROM ops.batch_cells WHERE batch = $batch", {"batch": batch.batch})
    tx.execute("DELETE FROM ops.batches WHERE batch = $batch", {"batch": batch.batch})


def forget_field(tx: Transaction, object_name: str, field: str) -> None:
    """Take a field that cannot be written out of the planned batches."""
    tx.run("outbound/forget_field", {"object": object_name, "field": field})


def forget_job(tx: Transaction, job_id: str) -> None:
    """Note that a job is removed from Salesforce."""
    tx.execute("DELETE FROM ops.batches WHERE state = 'settled' AND job_id = $job", {"job": job_id})


def settle(tx: Transaction, batch: Batch, run: int, fingerprints: Mapping[str, str], moment: datetime) -> None:
    """Record the outcomes in the temporary table `outcomes`, and end the batch. See settle_batch.sql."""
    parameters: dict[str, Any] = {
        "run": run,
        "now": moment,
        "object": batch.object,
        "channel": batch.channel,
        "batch": batch.batch,
    }
    tx.run("outbound/settle_batch", parameters, columns=target_columns(tx), fingerprints=fingerprints)
    if batch.job_id is None:
        tx.execute("DELETE FROM ops.batches WHERE batch = $batch", {"batch": batch.batch})
