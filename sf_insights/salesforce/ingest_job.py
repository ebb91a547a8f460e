"""One Bulk API 2.0 ingest job: create it, upload its CSV, start it, wait for it, download its results, delete it.

Each method is one step, so that the caller can record it before the next one begins. Sources: Bulk API 2.0 Developer
Guide, "Bulk API 2.0 Ingest"; its limits are in "Bulk API and Bulk API 2.0 Limits and Allocations".
"""

from __future__ import annotations

import logging
import math
import random
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import requests

from sf_insights.domain.encodings import in_utf8
from sf_insights.domain.problems import ConnectionProblem, Problem
from sf_insights.domain.salesforce_ids import to_18_characters
from sf_insights.salesforce.bulk_job import change_job, listed_jobs
from sf_insights.salesforce.errors import RequestRefused
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.system.signals import pause
from sf_insights.transport.answers import translated_parse_errors
from sf_insights.transport.retry import OutcomeUnknown

logger = logging.getLogger(__name__)

MOST_BYTES = 90_000_000  # Salesforce takes 150 MB after base64
ENDED = frozenset({"JobComplete", "Failed", "Aborted"})
Results = Literal["successfulResults", "failedResults", "unprocessedrecords"]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.3, 20.0
_SHORTEST_PAUSE = 0.1  # and never less than this share of the time so far, because reported progress may stand still
_CLOCKS_DIFFER = timedelta(seconds=5)  # the clocks of Salesforce's servers may differ
_CREATED_WITHIN = timedelta(minutes=10)  # of the first try. After longer retries, an empty job may stay for a week.
_CHUNK_BYTES = 1 << 20


class IngestJob:
    """A job that updates records of one object by their Id."""

    def __init__(self, org: SalesforceOrg, info: dict[str, Any]) -> None:
        self._org = org
        self.note(info)

    def note(self, info: dict[str, Any]) -> None:
        """Take over what Salesforce says of the job."""
        with translated_parse_errors("Salesforce", "describe the job"):
            self.id = str(info["id"])
            self.state = str(info["state"])
            self.error = str(info.get("errorMessage") or "")
            self.processed = int(info.get("numberRecordsProcessed") or 0)

    @classmethod
    def created(cls, org: SalesforceOrg, object_name: str) -> IngestJob:
        """Create a job, which Salesforce runs only after `start`.

        Raises:
            OutcomeUnknown: the answer was lost; `leftover_job` finds the job.
        """
        body = {"object": object_name, "operation": "update", "contentType": "CSV", "lineEnding": "LF"}
        info: Any = org.call(
            "POST",
            "jobs/ingest",
            doing=f"update {object_name} records",
            object_name=object_name,
            body=body,
            repeat_when_unsure=False,
        )
        return cls(org, info)

    @classmethod
    def found(cls, org: SalesforceOrg, job_id: str) -> IngestJob | None:
        """Return an earlier job; None if Salesforce no longer has it."""
        try:
            return cls(org, org.call("GET", f"jobs/ingest/{job_id}", doing="look for the earlier job"))
        except RequestRefused as refused:
            if refused.status == requests.codes.not_found:
                return None
            raise

    def upload(self, csv: Path) -> None:
        """Send the rows: UTF-8, every cell in quotes, lines ending with LF.

        Raises:
            OutcomeUnknown: the answer was lost, and the job may have the rows.
        """
        self._org.call(
            "PUT",
            f"jobs/ingest/{self.id}/batches",
            doing="take the rows of the job",
            upload=csv,
            headers={"Content-Type": "text/csv; charset=UTF-8"},
            read=lambda _: None,
            repeat_when_unsure=False,
        )

    def start(self) -> None:
        """Tell Salesforce that the rows are complete. From now on the job may write.

        The state is "Unknown" if nobody could find out whether it was started.
        """
        self.state = "Unknown"  # until Salesforce says, also if a signal or an outage ends the request
        try:
            info: Any = self._org.call(
                "PATCH",
                f"jobs/ingest/{self.id}",
                doing="start the job",
                body={"state": "UploadComplete"},
                repeat_when_unsure=False,
            )
        except (OutcomeUnknown, RequestRefused):
            self.look()  # the state says whether it was started
            if self.state == "Open":
                raise
        else:
            self.note(info)

    def look(self) -> None:
        """Ask for the state."""
        self.note(self._org.call("GET", f"jobs/ingest/{self.id}", doing="report the progress of the job"))

    def wait(self, longest: float, records: int) -> None:
        """Wait until the job has ended. Pauses grow, but end early where the reported progress says that it is done.

        Args:
            longest: seconds.
            records: the number of records that the job has.

        Raises:
            ConnectionProblem: it has not ended in time; it goes on in Salesforce.
        """
        deadline, seconds = time.monotonic() + longest, _FIRST_PAUSE
        began, processed = time.monotonic(), self.processed
        while True:
            asked_at = time.monotonic()
            self.look()
            deadline += time.monotonic() - asked_at  # do not count an outage: the job continues meanwhile
            if self.state in ENDED:
                return
            left = deadline - time.monotonic()
            if left <= 0:
                raise ConnectionProblem(
                    f"Salesforce did not finish the job {self.id} in time; it was {self.state}.",
                    "The next run takes up its results.",
                )
            waited = time.monotonic() - began
            expected = _expected(waited, self.processed - processed, records - self.processed)
            sooner = max(expected, _SHORTEST_PAUSE, _SHORTEST_PAUSE * waited)
            pause(min(seconds * random.uniform(0.8, 1.2), sooner, left))  # noqa: S311
            seconds = min(seconds * 1.5, _LONGEST_PAUSE)

    def download(self, results: Results, file: Path) -> bool:
        """Write one of the three results to a CSV file; False if it is empty, which is a 204 or an empty body."""

        def read(response: requests.Response) -> bool:
            part = file.with_suffix(".part")
            with part.open("wb") as target:
                for chunk in in_utf8(response.iter_content(_CHUNK_BYTES), response.headers.get("Content-Type", "")):
                    target.write(chunk)
            part.replace(file)
            return file.stat().st_size > 0

        return self._org.call(
            "GET",
            f"jobs/ingest/{self.id}/{results}",
            doing="send the results of the job",
            headers={"Accept": "text/csv"},
            read=read,
        )

    def remove(self) -> None:
        """Abort the job if it has not ended, and delete it. A failure is only logged: Salesforce deletes it in a week.

        Only for jobs that have ended, or that were never started.
        """
        try:
            if self.state == "Open":
                self._change("PATCH", {"state": "Aborted"})
            self._change("DELETE")
        except Problem as problem:
            logger.warning("Job %s remains in Salesforce. %s", self.id, problem)

    def _change(self, method: str, body: dict[str, str] | None = None) -> None:
        change_job(self._org, method, f"jobs/ingest/{self.id}", doing="remove the job", body=body)


def _expected(seconds: float, processed: int, left: int) -> float:
    """Return how many seconds the records that are left will take, by what was processed in these seconds."""
    return seconds * max(0, left) / processed if processed > 0 else math.inf


def leftover_job(org: SalesforceOrg, object_name: str, since: datetime) -> IngestJob | None:
    """Return the job that a request for this object left without an answer: open, and never started.

    Other programs with our user have such jobs too. If there are several, nobody can tell which one is ours: None.

    Args:
        org: the connected org; its list has all users' jobs of a week.
        object_name: the object.
        since: when the request was first sent, on Salesforce's clock.
    """
    user, found = org.user_id(), []
    for info in listed_jobs(org, "jobs/ingest?jobType=V2Ingest", doing="list its jobs"):
        with translated_parse_errors("Salesforce", "list its jobs"):
            created = datetime.fromisoformat(info["createdDate"])
            if (
                (info.get("operation"), info.get("object"), info.get("state")) == ("update", object_name, "Open")
                and to_18_characters(info["createdById"]) == user
                and since - _CLOCKS_DIFFER <= created <= since + _CREATED_WITHIN
            ):
                found.append(IngestJob(org, info))
    return found[0] if len(found) == 1 else None
