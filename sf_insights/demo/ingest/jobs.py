"""The ingest endpoints of Bulk API 2.0.

Source: Salesforce, Bulk API 2.0 Developer Guide, "Create a Job", "Upload Job Data", "Upload Complete", "Abort a Job",
"Delete a Job", "Get Information About All Jobs".
"""

import datetime
import itertools
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sf_insights.demo.data.ids import record_id
from sf_insights.demo.ingest.job import TERMINAL, IngestJob
from sf_insights.demo.ingest.processing import process
from sf_insights.demo.ingest.results import results
from sf_insights.demo.running.faults import INGEST_JOB_ACTIONS, JOB_DELETED
from sf_insights.demo.running.org import Org, Session
from sf_insights.demo.running.surprises import before_write
from sf_insights.demo.web.csv_dialects import DELIMITERS, LINE_ENDINGS
from sf_insights.demo.web.errors import ApiError, not_found
from sf_insights.demo.web.requests import Answer, ApiRequest

_FIRST_NUMBER = 400_000_000  # the ids of query jobs start at 0
_STOP_SECONDS = 60
_OPERATIONS = frozenset({"insert", "update", "upsert", "delete"})


class IngestJobs:
    """The org's ingest jobs; their files are in a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "ingest"
        shutil.rmtree(self.directory, ignore_errors=True)
        self.jobs: dict[str, IngestJob] = {}
        self._numbers = itertools.count(_FIRST_NUMBER)
        self._workers = ThreadPoolExecutor(4)
        self._changing = threading.Lock()

    def clear(self) -> None:
        """Stop and forget all jobs."""
        with self._changing:
            for job in list(self.jobs.values()):
                self._drop(job)

    def close(self) -> None:
        """Stop everything when the server stops."""
        self.clear()
        self._workers.shutdown(wait=True, cancel_futures=True)

    def _drop(self, job: IngestJob) -> None:
        self.jobs.pop(job.id, None)
        if not job.abort():
            job.halt()
        job.finished.wait(_STOP_SECONDS)
        shutil.rmtree(job.directory, ignore_errors=True)

    def create(self, org: Org, request: ApiRequest, session: Session) -> Answer:
        """POST /jobs/ingest.

        Raises:
            ApiError: 400 for an unknown object, operation or CSV dialect.
        """
        wanted = request.json()
        operation, name = wanted.get("operation"), str(wanted.get("object", ""))
        if operation == "hardDelete":
            raise ApiError(400, "FEATURENOTENABLED", "hardDelete operation requires special user profile permission")
        if operation not in _OPERATIONS:
            raise ApiError(400, "INVALIDJOB", f"Invalid operation: {operation}")
        external_id = wanted.get("externalIdFieldName")
        if operation == "upsert" and not external_id:
            raise ApiError(400, "INVALIDJOB", "External ID was blank for upsert job")
        delimiter, line_ending = wanted.get("columnDelimiter", "COMMA"), wanted.get("lineEnding", "LF")
        if wanted.get("contentType", "CSV") != "CSV" or delimiter not in DELIMITERS or line_ending not in LINE_ENDINGS:
            raise ApiError(400, "INVALIDJOB", "Unsupported contentType, columnDelimiter or lineEnding")
        with org.lock:
            found = org.catalog.find(name)
        if found is None or not found.writable:
            raise ApiError(400, "INVALIDENTITY", f"Entity '{name}' is not supported by the Bulk API.")
        with self._changing:
            id_ = record_id("750", next(self._numbers))
            job = IngestJob(
                id_,
                operation,
                found.name,
                external_id,
                session,
                datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
                request.parameters["version"].removeprefix("v"),
                delimiter,
                line_ending,
                self.directory / id_,
            )
            job.directory.mkdir(parents=True)
            self.jobs[id_] = job
        return Answer(job.shown(complete=False))

    def find(self, org: Org, request: ApiRequest) -> IngestJob:
        """Return the job in the path; 404 if it was deleted or never existed."""
        job = self.jobs.get(request.parameters["job"])
        if job is not None and org.faults.take(request.method, request.path, JOB_DELETED):
            with self._changing:
                self._drop(job)
            job = None
        if job is None:
            raise not_found()
        return job

    def upload(self, org: Org, request: ApiRequest, session: Session) -> Answer:
        """PUT /jobs/ingest/{id}/batches: the whole CSV at once, 201.

        Raises:
            ApiError: 400 if the job is not open or already has its CSV, 413 if the CSV is too large.
        """
        job = self.find(org, request)
        if len(request.body) > org.settings.ingest_max_bytes:
            raise ApiError(413, "REQUEST_TOO_LARGE", "The upload exceeds the maximum size of a job's data.")
        with job.changing:
            if job.state != "Open":
                raise ApiError(400, "INVALIDJOBSTATE", f"Uploading to a job that is {job.state} is not allowed")
            if job.uploaded:
                raise ApiError(
                    400,
                    "INVALIDJOB",
                    f"Found multiple contents for job: <{job.id}>, please 'Close' / 'Abort' / 'Delete' the current Job"
                    " then create a new Job and make sure you only do 'PUT' once on a given Job.",
                )
            job.upload.write_bytes(request.body)
            job.uploaded = True
        return Answer(status=201)

    def show(self, org: Org, request: ApiRequest, session: Session) -> Answer:
        """GET /jobs/ingest/{id}."""
        job = self.find(org, request)
        shown = job.shown()
        job.polled()
        return Answer(shown)

    def show_all(self, org: Org, request: ApiRequest, session: Session) -> Answer:
        """GET /jobs/ingest: all jobs on one page."""
        return Answer({"done": True, "records": self.shown(), "nextRecordsUrl": None})

    def shown(self) -> list[dict[str, Any]]:
        """Return all jobs as JSON."""
        return [job.shown() for job in list(self.jobs.values())]

    def change(self, org: Org, request: ApiRequest, session: Session) -> Answer:
        """PATCH /jobs/ingest/{id}: {"state": "UploadComplete"} lets it be processed, {"state": "Aborted"} aborts it."""
        job = self.find(org, request)
        state = request.json().get("state")
        if state == "Aborted":
            if not job.abort():
                raise ApiError(400, "INVALIDJOBSTATE", f"Aborting already {job.state} Job not allowed")
            job.finished.wait(_STOP_SECONDS)
        elif state != "UploadComplete":
            raise ApiError(400, "INVALIDJOBSTATE", f"A job cannot be set to {state}")
        elif not job.close():
            raise ApiError(400, "INVALIDJOBSTATE", f"Closing already {job.state} Job not allowed")
        else:
            with org.lock:
                before_write(org, request)
            for fault in org.faults.take(request.method, request.path, INGEST_JOB_ACTIONS):
                if fault.action == "job_stuck":
                    job.stuck = fault
                else:
                    job.ending = fault
            shown = job.shown(complete=False)
            self._workers.submit(process, org, job)
            return Answer(shown)
        return Answer(job.shown(complete=False))

    def delete(self, org: Org, request: ApiRequest, session: Session) -> Answer:
        """DELETE /jobs/ingest/{id}: 204. Written records stay as they are.

        Raises:
            ApiError: 400 if the job is open or in progress.
        """
        job = self.find(org, request)
        if job.state not in TERMINAL | {"UploadComplete"}:
            raise ApiError(
                400, "API_ERROR", "Error encountered when deleting the job because the job is not terminated"
            )
        with self._changing:
            self._drop(job)
        return Answer(status=204)

    def results(self, org: Org, request: ApiRequest, session: Session) -> Answer:
        """GET /jobs/ingest/{id}/successfulResults, failedResults or unprocessedrecords."""
        return results(org, request, self.find(org, request))
