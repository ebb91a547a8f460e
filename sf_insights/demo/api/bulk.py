"""Bulk API 2.0 query jobs: each result is written once to a file, and its pages are ranges of that file.

A repeated query of an unchanged org uses the existing file, even after a restart.
"""

import datetime
import hashlib
import itertools
import json
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sf_insights.demo.api.bulk_results import Result, Stopped, locator_of, position_of, read_offsets, row_sql, write
from sf_insights.demo.data.ids import record_id
from sf_insights.demo.data.store import connect
from sf_insights.demo.running.faults import JOB_ACTIONS, Fault
from sf_insights.demo.running.org import Org, Session
from sf_insights.demo.soql.parser import parse
from sf_insights.demo.soql.to_sql import Compiled, compile_query
from sf_insights.demo.time.changes import change_field
from sf_insights.demo.web.csv_dialects import DELIMITERS, LINE_ENDINGS
from sf_insights.demo.web.errors import ApiError, not_found
from sf_insights.demo.web.requests import Answer, ApiRequest

RESULT_PAGES = 5  # page addresses in one answer of resultPages
JOBS_PER_PAGE = 1000
_FILES_KEPT = 6
_TERMINAL = frozenset({"JobComplete", "Failed", "Aborted"})


@dataclass
class Job:
    """A query job, as GET shows it, and its result."""

    id: str
    operation: str
    soql: str
    object_name: str
    session: Session
    created: str
    api_version: str
    delimiter: str
    line_ending: str
    state: str = "UploadComplete"
    error: str | None = None
    processed: int = 0
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    path: Path | None = None  # the file of its result, perhaps still being written
    result: Result | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    changing: threading.Lock = field(default_factory=threading.Lock)

    def wrote(self, records: int) -> None:
        """Show the number of records written so far."""
        self.processed = records

    def complete(self, result: Result) -> None:
        """Show the result, unless the job was aborted."""
        with self.changing:
            if self.stop.is_set():
                return
            self.result = result
            self.processed = result.records
            self.seconds = time.monotonic() - self.started
            self.state = "JobComplete"

    def abort(self) -> bool:
        """Abort the job; return False if it has already ended."""
        with self.changing:
            if self.state in _TERMINAL:
                return False
            self.state = "Aborted"
            self.stop.set()
            return True

    def shown(self, complete: bool = True) -> dict[str, Any]:
        """Return the job as JSON; the answer to its creation has fewer keys (`complete` is False)."""
        body: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.object_name,
            "createdById": self.session.user_id,
            "createdDate": self.created,
            "systemModstamp": self.created,
            "state": self.state if complete else "UploadComplete",
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.api_version),
            "lineEnding": self.line_ending,
            "columnDelimiter": self.delimiter,
        }
        if complete:
            body["jobType"] = "V2Query"
            body["numberRecordsProcessed"] = self.processed
            body["retries"] = 0
            body["totalProcessingTime"] = int(self.seconds * 1000)
            body["isPkChunkingSupported"] = True
            if self.error is not None:
                body["errorMessage"] = self.error
        return body


class BulkJobs:
    """All query jobs of the org."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "results"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.jobs: dict[str, Job] = {}
        self._numbers = itertools.count(1)
        self._workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="bulk")
        self._writing: dict[Path, threading.Lock] = {}

    def clear(self) -> None:
        """Forget all jobs and stop the running ones."""
        for job in self.jobs.values():
            job.stop.set()
        self.jobs.clear()

    def close(self) -> None:
        """Stop everything when the server stops."""
        self.clear()
        self._workers.shutdown(wait=True, cancel_futures=True)

    def create(self, org: Org, request: ApiRequest, session: Session) -> Answer:
        """POST /jobs/query.

        Raises:
            ApiError: 400 for a query that is wrong or that the Bulk API does not support.
        """
        wanted = request.json()
        operation = wanted.get("operation")
        if operation not in {"query", "queryAll"}:
            raise ApiError(400, "INVALIDJOB", f"Invalid operation: {operation}")
        delimiter, line_ending = wanted.get("columnDelimiter", "COMMA"), wanted.get("lineEnding", "LF")
        if wanted.get("contentType", "CSV") != "CSV" or delimiter not in DELIMITERS or line_ending not in LINE_ENDINGS:
            raise ApiError(400, "INVALIDJOB", "Unsupported contentType, columnDelimiter or lineEnding")
        soql = wanted.get("query")
        if not isinstance(soql, str) or not soql.strip():
            raise ApiError(400, "API_ERROR", "Query is required for query jobs")
        faults = {fault.action: fault for fault in org.faults.take(request.method, request.path, JOB_ACTIONS)}
        with org.lock:
            if "respell_field" in faults:
                details = faults["respell_field"].details
                with org.store.change():
                    change_field(org.store, details["field"], {"name": details["spelling"]})
            compiled = _compile_for_bulk(org, soql, operation == "queryAll")
            job = Job(
                record_id("750", next(self._numbers)),
                operation,
                soql,
                compiled.object_type.name,
                session,
                datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000"),  # like the Date header
                request.parameters["version"].removeprefix("v"),
                delimiter,
                line_ending,
            )
            self.jobs[job.id] = job
            if not self._spoil(org, job, faults):
                self._start(org, job, compiled)
        return Answer(job.shown(complete=False))

    def _spoil(self, org: Org, job: Job, faults: dict[str, Fault]) -> bool:
        """Apply a fault to a new job; return whether it keeps the job from running."""
        if "job_stuck" in faults:
            job.state = "InProgress"
        elif "job_aborted" in faults:
            job.state = "Aborted"
        elif "job_failed" in faults:
            job.state = "Failed"
            job.error = faults["job_failed"].details.get(
                "message", "InternalServerError : Retried more than fifteen times"
            )
        elif "hide_field" in faults:
            with org.store.change():
                change_field(org.store, faults["hide_field"].details["field"], {"hidden": True})
            job.state = "Failed"
            try:
                _compile_for_bulk(org, job.soql, include_deleted=True)
                job.state = "UploadComplete"
            except ApiError as error:
                job.error = f"InvalidBatch : Failed to process query: {error.code}: {error.message}"
        return job.state != "UploadComplete"

    def _start(self, org: Org, job: Job, compiled: Compiled) -> None:
        separator, end = DELIMITERS[job.delimiter], LINE_ENDINGS[job.line_ending]
        name = json.dumps([org.store.version, job.operation, job.soql, job.delimiter, job.line_ending, org.masks])
        path = self.directory / (hashlib.sha256(name.encode()).hexdigest()[:32] + ".csv")
        header = (separator.join(f'"{column.name}"' for column in compiled.columns) + end).encode()
        # The reader starts its transaction under the lock, so the job sees the org as it is now.
        reader = connect(org.store.path)
        reader.execute("BEGIN")
        reader.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()
        statement = compiled.sql(row_sql(compiled.columns, separator, end))
        until = job.started + org.settings.job_seconds
        job.path = path
        lock = self._writing.setdefault(path, threading.Lock())

        def work() -> None:
            try:
                with job.changing:
                    if job.state == "UploadComplete":
                        job.state = "InProgress"
                with lock:
                    offsets = read_offsets(path)
                    if offsets is None:
                        offsets = write(path, reader.execute(statement, compiled.parameters), job.stop, job.wrote)
                job.stop.wait(max(0.0, until - time.monotonic()))
                job.complete(Result(path, header, offsets))
            except Stopped:
                return
            except (OSError, sqlite3.Error) as error:
                job.error = f"InternalServerError : {error}"
                job.state = "Failed"
            finally:
                reader.close()

        self._workers.submit(work)
        self._prune()

    def _prune(self) -> None:
        """Remove old results that no job uses, to limit disk space."""
        used = {job.path for job in list(self.jobs.values())}
        files = sorted(self.directory.glob("*.csv"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in files[_FILES_KEPT:]:
            if path not in used:
                path.with_suffix(".offsets").unlink(missing_ok=True)
                path.unlink(missing_ok=True)

    def find(self, request: ApiRequest) -> Job:
        """Return the job in the path; 404 if it was deleted or never existed."""
        job = self.jobs.get(request.parameters["job"])
        if job is None:
            raise not_found()
        return job

    def show(self, org: Org, request: ApiRequest, session: Session) -> Answer:
        """GET /jobs/query/{id}."""
        return Answer(self.find(request).shown())

    def list(self, org: Org, request: ApiRequest, session: Session) -> Answer:
        """GET /jobs/query: up to 1,000 jobs a page."""
        start = position_of(request.query.get("queryLocator")) or 0
        every = list(self.jobs.values())
        records = [job.shown() for job in every[start : start + JOBS_PER_PAGE]]
        following = None
        if start + JOBS_PER_PAGE < len(every):
            locator = locator_of(start + JOBS_PER_PAGE)
            following = f"/services/data/{request.parameters['version']}/jobs/query?queryLocator={locator}"
        return Answer({"done": following is None, "records": records, "nextRecordsUrl": following})

    def abort(self, org: Org, request: ApiRequest, session: Session) -> Answer:
        """PATCH /jobs/query/{id} with {"state": "Aborted"}."""
        job = self.find(request)
        if request.json().get("state") != "Aborted":
            raise ApiError(400, "INVALIDJOBSTATE", "The only state a query job can be set to is Aborted")
        if not job.abort():
            raise ApiError(400, "INVALIDJOBSTATE", f"Aborting already {job.state} job not allowed")
        return Answer(job.shown())

    def delete(self, org: Org, request: ApiRequest, session: Session) -> Answer:
        """DELETE /jobs/query/{id}; keeps the file for the next job with the same query."""
        job = self.find(request)
        if job.state not in _TERMINAL:
            raise ApiError(
                400, "API_ERROR", "Error encountered when deleting the job because the job is not terminated"
            )
        del self.jobs[job.id]
        return Answer(status=204)

    def results(self, org: Org, request: ApiRequest, session: Session) -> Answer:
        """GET /jobs/query/{id}/results?maxRecords=&locator=: one page of CSV."""
        result = self._ready(request)
        start = position_of(request.query.get("locator"))
        maximum = request.query.get("maxRecords", "")
        count = int(maximum) if maximum.isdigit() and int(maximum) else org.settings.page_records
        if start is None:
            start = 0
        elif start >= result.records and start > 0:
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        end = min(start + count, result.records)
        shift = 1 if start > 0 and org.faults.take(request.method, request.path, frozenset({"duplicate_row"})) else 0
        headers = {
            "Sforce-NumberOfRecords": str(end - start),
            "Sforce-Locator": locator_of(end) if end < result.records else "null",
        }
        page = result.page(start - shift, end - start)
        return Answer(headers=headers, content=page, content_type="text/csv; charset=UTF-8")

    def result_pages(self, org: Org, request: ApiRequest, session: Session) -> Answer:
        """GET /jobs/query/{id}/resultPages: addresses of up to five pages, which a client may read in parallel."""
        result = self._ready(request)
        size = org.settings.page_records
        base = f"/services/data/{request.parameters['version']}/jobs/query/{request.parameters['job']}"
        start = position_of(request.query.get("locator")) or 0
        starts = range(start, max(result.records, 1), size)
        body: dict[str, Any] = {
            "resultPages": [{"resultUrl": f"{base}/results?locator={locator_of(at)}"} for at in starts[:RESULT_PAGES]]
        }
        if len(starts) > RESULT_PAGES:
            body["nextRecordsUrl"] = f"{base}/resultPages?locator={locator_of(starts[RESULT_PAGES])}"
        body["done"] = len(starts) <= RESULT_PAGES
        return Answer(body)

    def _ready(self, request: ApiRequest) -> Result:
        job = self.find(request)
        if job.result is None or job.state != "JobComplete":
            raise ApiError(400, "INVALIDJOBSTATE", f"Results are not available: the job is {job.state}")
        if request.parameters["version"].removeprefix("v") != job.api_version:
            raise ApiError(409, "API_ERROR", "The API version of the request is not the one the job was created with")
        return job.result


def _compile_for_bulk(org: Org, soql: str, include_deleted: bool) -> Compiled:
    query = parse(soql)
    if query.aggregates:
        raise ApiError(400, "API_ERROR", "Aggregate functions and GROUP BY are not supported in Bulk Query")
    if query.offset is not None:
        raise ApiError(400, "API_ERROR", "OFFSET is not supported in Bulk Query")
    compiled = compile_query(query, org.catalog, include_deleted, org.store.now().date(), org.masks)
    if any(column.field.is_compound for column in compiled.columns):
        raise ApiError(400, "API_ERROR", "Selecting compound data not supported in Bulk Query")
    return compiled
