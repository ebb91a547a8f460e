"""Send a batch by a job of Bulk API 2.0. Each step is in the journal before the next one begins."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sf_insights.domain.outbound.row_errors import RowError
from sf_insights.domain.problems import ConnectionProblem
from sf_insights.outbound.delivery import journal
from sf_insights.outbound.delivery.journal import Batch
from sf_insights.outbound.delivery.outcomes import read_outcomes, records_of, settle
from sf_insights.outbound.delivery.results import download_results, field_named_by, remove_leftover
from sf_insights.outbound.delivery.sending import Sending
from sf_insights.salesforce.ingest_job import IngestJob
from sf_insights.sql import render
from sf_insights.system.clock import now
from sf_insights.transport.retry import OutcomeUnknown
from sf_insights.warehouse.transaction import Transaction

LONGEST_JOB_SECONDS = 7200.0


def send_job(sending: Sending, batch: Batch) -> None:
    """Write the records of a batch, and record the outcome of each.

    Raises:
        ConnectionProblem: the job failed as a whole, or Salesforce cannot be reached. What the job wrote until then,
            the next run finds out.
    """
    csv = sending.directory / f"batch-{batch.batch:06}.csv"
    began = sending.org.clock or now()
    with sending.state.transaction() as tx:
        journal.note(tx, batch, "creating", moment=began)
        _write_csv(tx, batch, csv)
    job: IngestJob | None = None
    try:
        job = _created(sending, batch, began)
        _note(sending, batch, "created", job)
        _uploaded(job, csv)
        _note(sending, batch, "uploaded", job)
        job.start()
    except BaseException:
        # An open job writes nothing, so it is safe to remove. The next run takes up one that was started.
        if job is not None and job.state == "Open":
            job.remove()
            with sending.state.transaction() as tx:
                journal.abandon(tx, batch)
        raise
    finally:
        csv.unlink(missing_ok=True)
    _note(sending, batch, "closed", job)
    sending.tell(f"job {job.id} updates {batch.records} records of {sending.object_name}")
    job.wait(LONGEST_JOB_SECONDS, batch.records)
    collect(sending, batch, job)


def collect(sending: Sending, batch: Batch, job: IngestJob) -> None:
    """Record the results of a job that has ended, and remove it. Records that the results leave out are read.

    Raises:
        ConnectionProblem: Salesforce failed the job before it wrote anything.
    """
    results = download_results(sending.state, job, sending.directory)
    errors = {text: RowError.parse(text) for text in results.error_texts}
    said: dict[str, RowError | None] = {
        record_id: None if text is None else errors[text] for record_id, text in results.rows()
    }
    unprocessed = set(results.unprocessed_ids())
    blamed = field_named_by(job.error)
    if blamed is not None:
        said |= dict.fromkeys(unprocessed - set(said), RowError("INVALID_FIELD", job.error, blamed))
    with sending.state.transaction() as tx:
        missing = records_of(tx, batch) - set(said) - unprocessed
    if missing:
        sending.tell(f"the results of job {job.id} leave out {len(missing)} records, which are read now")
        said |= read_outcomes(sending, batch, missing)
    settle(sending, _with_job(batch, job), said)
    job.remove()
    with sending.state.transaction() as tx:
        journal.forget_job(tx, job.id)
    if job.state != "JobComplete" and not said:
        raise ConnectionProblem(
            f"Salesforce ended the job {job.id} as {job.state}: {job.error or 'it gives no reason'}.",
            "Nothing of it was written; the next run sends these records again.",
        )


def _with_job(batch: Batch, job: IngestJob) -> Batch:
    """Return the batch with its job, whose row stays until the job is removed."""
    return Batch(**{**vars(batch), "job_id": job.id})


def _note(sending: Sending, batch: Batch, state: str, job: IngestJob) -> None:
    with sending.state.transaction() as tx:
        journal.note(tx, batch, state, job_id=job.id)


def _created(sending: Sending, batch: Batch, began: datetime) -> IngestJob:
    try:
        return IngestJob.created(sending.org, sending.object_name)
    except OutcomeUnknown as unknown:
        # The job may be there, open and without rows. Remove it, and let the next run send the records.
        remove_leftover(sending.org, sending.object_name, began)
        with sending.state.transaction() as tx:
            journal.abandon(tx, batch)
        raise unknown.trouble.lasting("tries: 1") from None


def _uploaded(job: IngestJob, csv: Path) -> None:
    try:
        job.upload(csv)
    except OutcomeUnknown as unknown:
        # A job takes its rows once, so nobody knows what a broken upload left in it.
        raise unknown.trouble.lasting("tries: 1") from None


def _write_csv(tx: Transaction, batch: Batch, csv: Path) -> None:
    sql = "SELECT DISTINCT field FROM ops.batch_cells WHERE batch = $batch ORDER BY 1"
    fields = [name for (name,) in tx.execute(sql, {"batch": batch.batch})]
    tx.execute(render("outbound/batch_csv", batch=batch.batch, fields=fields, file=str(csv)))
