"""Settle what an earlier run left: its batches by their jobs or by reading, never by guessing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from sf_insights.domain.outbound.targets import Target
from sf_insights.outbound.delivery import journal
from sf_insights.outbound.delivery.jobs import LONGEST_JOB_SECONDS, collect
from sf_insights.outbound.delivery.journal import Batch
from sf_insights.outbound.delivery.outcomes import settle_by_reading
from sf_insights.outbound.delivery.results import remove_leftover
from sf_insights.outbound.delivery.sending import Sending
from sf_insights.outbound.state import OutboundState, target_columns
from sf_insights.salesforce.ingest_job import ENDED, IngestJob
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.system.clock import now
from sf_insights.warehouse.transaction import Transaction


def settle_leftovers(
    state: OutboundState,
    connect: Callable[[], SalesforceOrg],
    directory: Path,
    run: int,
    tell: Callable[[str], None],
) -> None:
    """Find out what became of each batch without an outcome, and remove jobs that nobody needs any more."""
    with state.transaction() as tx:
        for batch in journal.unsettled(tx):
            if batch.state == "planned":
                journal.abandon(tx, batch)
        left, jobs = journal.unsettled(tx), journal.jobs_to_remove(tx)
    for batch in left:
        tell(f"an earlier run left batch {batch.batch} of {batch.records} records ({batch.state})")
        _settle(state, connect(), batch, directory, run, tell)
    for job_id in jobs:
        job = IngestJob.found(connect(), job_id)
        if job is not None:
            job.remove()
        with state.transaction() as tx:
            journal.forget_job(tx, job_id)
    with state.transaction() as tx:
        for batch in journal.unsettled(tx):
            if batch.state == "planned":  # smaller batches of refused rows: the comparison finds them again
                journal.abandon(tx, batch)


def _settle(
    state: OutboundState,
    org: SalesforceOrg,
    batch: Batch,
    directory: Path,
    run: int,
    tell: Callable[[str], None],
) -> None:
    sending = _sending(state, org, batch, directory, run, tell)
    if batch.state == "creating":
        remove_leftover(org, batch.object, batch.began_at or now())
        _abandon(state, batch)
        return
    if batch.job_id is None:
        settle_by_reading(sending, batch)
        return
    job = IngestJob.found(org, batch.job_id)
    if job is None:
        settle_by_reading(sending, batch)
        with state.transaction() as tx:
            journal.forget_job(tx, batch.job_id)
    elif job.state == "Open":
        job.remove()
        _abandon(state, batch)
    else:
        if job.state not in ENDED:
            job.wait(LONGEST_JOB_SECONDS, batch.records)
        collect(sending, batch, job)


def _abandon(state: OutboundState, batch: Batch) -> None:
    with state.transaction() as tx:
        journal.abandon(tx, batch)


def _sending(
    state: OutboundState,
    org: SalesforceOrg,
    batch: Batch,
    directory: Path,
    run: int,
    tell: Callable[[str], None],
) -> Sending:
    with state.transaction() as tx:
        fields = {
            name
            for (name,) in tx.execute(
                "SELECT DISTINCT field FROM ops.batch_cells WHERE batch = $batch", {"batch": batch.batch}
            )
        }
    described = org.describe(batch.object)  # not the kept one: the user may have lost a field since
    targets = {
        entry["name"]: target
        for entry in described["fields"]
        if entry["name"] in fields and (target := Target.from_describe(entry)) is not None
    }
    return Sending(
        state,
        org,
        run=run,
        object_name=batch.object,
        targets=targets,
        described=[entry["name"] for entry in described["fields"]],
        directory=directory,
        snapshot_sync=0,
        tell=tell,
    )


def note_paused(tx: Transaction, object_name: str, reasons: Mapping[str, str], moment: datetime) -> None:
    """Record which fields of an accepted mapping cannot be written now; the others are no longer paused."""
    held = {
        name
        for (name,) in tx.execute(
            "SELECT field FROM outbound.paused_fields WHERE object = $object", {"object": object_name}
        )
    }
    for name in held - set(reasons):
        tx.execute(
            "DELETE FROM outbound.paused_fields WHERE object = $object AND field = $field",
            {"object": object_name, "field": name},
        )
    tx.insert(
        "outbound.paused_fields",
        [
            {"object": object_name, "field": name, "reason": reason, "since": moment.isoformat()}
            for name, reason in reasons.items()
            if name not in held
        ],
    )


def tidy(tx: Transaction, object_name: str, *, has_cells: bool) -> None:
    """Drop planned batches that were not sent, and records that hold nothing of ours any more."""
    for batch in journal.unsettled(tx):
        if batch.state == "planned":
            journal.abandon(tx, batch)
    columns = target_columns(tx)
    if has_cells and columns:
        tx.run("outbound/left_records", {"object": object_name}, columns=columns)
        if not tx.is_empty("emptied"):
            tx.run("outbound/emptied_records", {"object": object_name})
