"""Processes a closed ingest job: batches of 10,000 records, chunks of 200, each chunk one transaction.

Source: Salesforce, Bulk API 2.0 Developer Guide, "How Requests Are Processed", "Limits".
"""

import itertools
import logging
import time
from collections.abc import Iterator

from sf_insights.demo.ingest.job import IngestJob
from sf_insights.demo.ingest.results import Results
from sf_insights.demo.running.faults import Fault
from sf_insights.demo.running.org import Org
from sf_insights.demo.web.csv_dialects import DELIMITERS, LINE_ENDINGS
from sf_insights.demo.web.errors import ApiError
from sf_insights.demo.writing.chunks import CHUNK, Outcome
from sf_insights.demo.writing.csv_rows import (
    BadUpload,
    Header,
    Record,
    csv_row,
    decoded,
    header_of,
    records,
    returned_cells,
)
from sf_insights.demo.writing.refusals import NO_ACCESS, Refused

_LOG = logging.getLogger("uvicorn.error")
_REFUSALS = {
    "insert": ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted: {object}"),
    "upsert": ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted: {object}"),
    "delete": NO_ACCESS,
}
_APEX_MS = 2  # of triggers, for a chunk


def process(org: Org, job: IngestJob) -> None:
    """Process a job to its end, or until it is aborted. Runs in a worker thread, without the org's lock."""
    job.begin()
    began = time.monotonic()
    try:
        text = decoded(job.upload.read_bytes() if job.uploaded else b"", job.line_ending)
        rows = records(text, DELIMITERS[job.delimiter], LINE_ENDINGS[job.line_ending])
        first = next(rows, None)
        if first is None:
            raise BadUpload("InvalidBatch : The upload has no header row")
        with org.lock:
            header = header_of(org.catalog.queried(job.object_name), first.cells)
        _process_batches(org, job, header, rows)
        _stay_stuck(job, None)
        job.stop.wait(max(0.0, job.closed_at + org.settings.job_seconds - time.monotonic()))
        job.end("JobComplete")
    except _Ended as ended:
        job.end(ended.state, ended.error)
    except (BadUpload, ApiError) as error:
        job.end("Failed", str(error))
    except Exception:
        _LOG.exception("the demo org failed in the ingest job %s", job.id)
        job.end("Failed", "InternalServerError : See the org's error output")
    finally:
        job.active_ms = int((time.monotonic() - began) * 1000)
        job.finished.set()


class _Ended(Exception):
    """The job ended before its last record."""

    def __init__(self, state: str, error: str | None = None) -> None:
        super().__init__(state)
        self.state = state
        self.error = error


def _process_batches(org: Org, job: IngestJob, header: Header, rows: Iterator[Record]) -> None:
    results = Results(job, header.names)
    for number in itertools.count():
        batch = list(itertools.islice(rows, org.settings.ingest_batch_records))
        if not batch:
            return
        done = 0
        try:
            _end_by_fault(job, number)
            _stay_stuck(job, number)
            _use_batch(org)
            for start in range(0, len(batch), CHUNK):
                done = _process_chunk(org, job, header, batch[start : start + CHUNK], results, start)
        except _Ended as ended:
            if ended.error != _NO_BATCHES:  # nothing is recorded of batches above the daily allocation
                rest = [*batch[done:], *rows]
                results.add("unprocessed", [record.cells for record in rest])
            raise


def _process_chunk(org: Org, job: IngestJob, header: Header, chunk: list[Record], results: Results, start: int) -> int:
    """Write a chunk, and return the number of the batch's records done so far.

    Raises:
        _Ended: the job was aborted before this chunk.
    """
    rows = [csv_row(header, record) for record in chunk]
    with org.lock:
        if job.stop.is_set():
            raise _Ended("Aborted")
        if job.operation == "update":
            found = org.catalog.queried(job.object_name)
            outcomes = org.writer(job.session, assigns=False).write([(found, rows)])
        else:
            code, message = _REFUSALS[job.operation]
            outcomes = [Outcome(None, Refused(code, message.format(object=job.object_name)))] * len(rows)
    good, bad = [], []
    for record, row, outcome in zip(chunk, rows, outcomes, strict=True):
        cells = returned_cells(header, record, row, written=outcome.refused is None)
        if outcome.refused is None:
            good.append([outcome.id or "", "false", *cells])
        else:
            bad.append([outcome.id or "", outcome.refused.as_cell(), *cells])
    results.add("successful", good)
    results.add("failed", bad)
    job.processed += len(chunk)
    job.failed += len(bad)
    job.apex_ms += _APEX_MS
    return start + len(chunk)


_NO_BATCHES = "ExceededQuota : ApiBatchItems Limit exceeded."


def _use_batch(org: Org) -> None:
    with org.lock:
        if org.settings.batches_used >= org.settings.batches_max:
            raise _Ended("Failed", _NO_BATCHES)
        org.settings.batches_used += 1


def _end_by_fault(job: IngestJob, batches: int) -> None:
    fault = job.ending
    if fault is None or int(fault.details.get("batches", 0)) != batches:
        return
    if fault.action == "job_aborted":
        raise _Ended("Aborted")
    raise _Ended("Failed", fault.details.get("message", "InternalServerError : Retried more than fifteen times"))


def _stay_stuck(job: IngestJob, batches: int | None) -> None:
    """Wait while a fault holds the job: after some batches, or after its last one (None)."""
    fault: Fault | None = job.stuck
    if fault is None or fault.details.get("batches") != batches:
        return
    with job.changing:
        job.polls_left = fault.details.get("polls")
    job.released.wait()
    if job.stop.is_set() and batches is not None:
        raise _Ended("Aborted")
