"""All Accounts at once: one Bulk API 2.0 queryAll job, or the REST API when the Bulk API is refused.

Sources: Bulk API 2.0 Developer Guide, "Query" and "Get Parallel Query Results".
"""

import logging
import random
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import requests

from sf_insights.domain.problems import ConnectionProblem, IncompleteSnapshot, Problem
from sf_insights.resources.csv_pages import CsvPage, TornPage, header_of, save_page, write_page
from sf_insights.resources.salesforce import SalesforceOrg
from sf_insights.resources.salesforce_errors import RequestRefused, bulk_is_refused, job_failed
from sf_insights.resources.transport import OutcomeUnknown, read_json

logger = logging.getLogger(__name__)

_FIRST_PAUSE = 0.3
_LONGEST_PAUSE = 30.0
_FIRST_VERSION_WITH_RESULT_PAGES = 58.0
_TERMINAL = frozenset({"JobComplete", "Failed", "Aborted"})


@dataclass(frozen=True)
class Progress:
    """How far a snapshot is: the job's state, the records Salesforce has found, the pages and records that arrived."""

    method: Literal["bulk", "rest"]
    job_id: str | None
    state: str
    records_found: int
    pages: int
    records: int
    seconds: float


class AccountSnapshot:
    """One reading of all Accounts, deleted ones included: a context manager that in the end cleans up in Salesforce.

        with AccountSnapshot(org, soql, directory) as snapshot:
            for page in snapshot.pages():
                ...

    `method` is "bulk" or "rest", and `downgrade_reason` says why it is "rest". `total_records` is how many records
    Salesforce says there are: None until pages() has begun to yield, and equal to what arrived when it has ended.
    """

    def __init__(
        self,
        org: SalesforceOrg,
        soql: str,
        directory: Path,
        *,
        workers: int = 3,
        deadline_seconds: float = 7200,
        on_progress: Callable[[Progress], None] | None = None,
        resume_job: str | None = None,
    ) -> None:
        """Prepare; nothing is sent before the with statement.

        `soql` has neither ORDER BY nor LIMIT: they switch off Salesforce's splitting of the query. Pages are written
        into `directory`; at most `workers` + 1 of them are on the way or waiting for the consumer. `deadline_seconds`
        bounds the wait for Salesforce to run the query. `resume_job` is the job of an earlier snapshot of the same
        query that died; it is used if Salesforce still has it.
        """
        self.method: Literal["bulk", "rest"] = "bulk"
        self.downgrade_reason: str | None = None
        self.total_records: int | None = None
        self._org = org
        self._soql = soql
        self._directory = directory
        self._workers = workers
        self._deadline_seconds = deadline_seconds
        self._on_progress = on_progress
        self._resume_job = resume_job
        self._job: _Job | None = None
        self._arriving: Generator[CsvPage, None, None] | None = None
        self._began = time.monotonic()
        self._pages = 0
        self._records = 0

    @property
    def job_id(self) -> str | None:
        """The Bulk API job; None when the REST API is used."""
        return self._job.id if self._job is not None else None

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        try:
            self._job = _Job.resumed(self._org, self._resume_job) or _Job.created(self._org, self._soql)
        except RequestRefused as refused:
            if not bulk_is_refused(refused):
                raise
            self.method, self.downgrade_reason = "rest", f"{refused.code}: {refused.detail}"
        return self

    def __exit__(self, *_: object) -> None:
        # After an error its traceback keeps the generator alive, and with it the downloads.
        if self._arriving is not None:
            self._arriving.close()
        if self._job is not None:
            self._job.finish()

    def pages(self) -> Generator[CsvPage, None, None]:
        """Yield whole pages as they arrive, in any order, while others are on the way.

        Raises:
            RequestRefused: Salesforce refused the query or a part of its result.
            IncompleteSnapshot: the pages are not all that Salesforce announced.
            ConnectionProblem: the network failed for good, or the deadline passed.
        """
        self._arriving = self._all_pages()
        return self._arriving

    def _all_pages(self) -> Generator[CsvPage, None, None]:
        for page in self._bulk_pages(self._job) if self._job is not None else self._rest_pages():
            self._check_query(page)
            self._pages += 1
            self._records += page.records
            self._report("Downloading")
            yield page
        if self._records != self.total_records:
            raise IncompleteSnapshot(
                f"{self._records} Account records arrived where Salesforce announced {self.total_records}.",
                "Run again; nothing was changed.",
            )

    def _bulk_pages(self, job: "_Job") -> Iterator[CsvPage]:
        job.wait(self._began + self._deadline_seconds, lambda: self._report(job.state, job.records_found))
        self.total_records = job.records_found
        stopped = threading.Event()
        with ThreadPoolExecutor(self._workers, thread_name_prefix="accounts") as pool:
            # Set before the pool waits for its threads, on every way out.
            try:
                addresses = job.result_addresses()
                if addresses is None:
                    yield from self._pages_one_by_one(job, pool, stopped)
                else:
                    yield from self._pages_in_parallel(job, addresses, pool, stopped)
            finally:
                stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)

    def _pages_in_parallel(
        self, job: "_Job", addresses: Iterator[str], pool: ThreadPoolExecutor, stopped: threading.Event
    ) -> Iterator[CsvPage]:
        numbered = enumerate(addresses, start=1)
        flying: set[Future[tuple[CsvPage | None, str | None]]] = set()
        while True:
            while len(flying) <= self._workers and (following := next(numbered, None)) is not None:
                number, address = following
                flying.add(pool.submit(job.download, number, address, self._directory, stopped))
            if not flying:
                return
            landed = next(iter(wait(flying, return_when=FIRST_COMPLETED).done))
            flying.remove(landed)
            page, _ = landed.result()
            if page is not None:
                yield page

    def _pages_one_by_one(self, job: "_Job", pool: ThreadPoolExecutor, stopped: threading.Event) -> Iterator[CsvPage]:
        """Yield the pages by their locators, each of which is known from the page before: one page ahead."""
        number, seen = 1, set[str]()
        coming = pool.submit(job.download, number, job.first_result_address, self._directory, stopped)
        while True:
            page, locator = coming.result()
            if locator is None:
                if page is not None:
                    yield page
                return
            if locator in seen:
                raise IncompleteSnapshot("Salesforce sends the same page of the result twice.", "Run again.")
            seen.add(locator)
            number += 1
            address = f"{job.first_result_address}?locator={locator}"
            coming = pool.submit(job.download, number, address, self._directory, stopped)
            if page is not None:
                yield page

    def _rest_pages(self) -> Iterator[CsvPage]:
        as_text = partial(read_json, parse_float=str, parse_int=str)  # no number passes through a float
        for number, answer in enumerate(self._org.query_pages(self._soql, include_deleted=True, read=as_text), start=1):
            self.total_records = int(answer["totalSize"])
            if answer["records"]:
                yield write_page(answer["records"], number, self._directory)

    def _check_query(self, page: CsvPage) -> None:
        """Raise when a job that was found, and not created in plain sight, turns out to be of another query."""
        if self._job is None or self._job.is_certain:
            return
        selected = re.sub(r"(?is)^\s*select\s+|\s+from\s.*$", "", self._soql).split(",")
        if {name.lower() for name in header_of(page.path)} != {name.strip().lower() for name in selected}:
            stranger, self._job = self._job, None  # somebody else's: it is left alone
            raise IncompleteSnapshot(f"Job {stranger.id} in Salesforce is another query than ours.", "Run again.")

    def _report(self, state: str, found: int | None = None) -> None:
        if self._on_progress is not None:
            seconds = time.monotonic() - self._began
            found = (self.total_records or 0) if found is None else found
            self._on_progress(Progress(self.method, self.job_id, state, found, self._pages, self._records, seconds))


class _Job:
    """One Bulk API 2.0 query job, from its creation to its removal."""

    def __init__(self, org: SalesforceOrg, info: dict[str, Any], *, is_certain: bool = True) -> None:
        """`is_certain` is whether the job is known to run our query, which Salesforce does not tell."""
        self._org = org
        self.is_certain = is_certain
        self.id = str(info["id"])
        self.state = str(info["state"])
        self.records_found = 0

    @classmethod
    def created(cls, org: SalesforceOrg, soql: str) -> Self:
        """Create the job. After an ambiguous failure it is looked for, and created again only if it is not there."""
        known = _accounts_jobs(org)
        create = partial(
            org.call,
            "POST",
            "jobs/query",
            doing="query the Accounts",
            body={"operation": "queryAll", "query": soql, "contentType": "CSV", "lineEnding": "LF"},
            repeat_when_unsure=False,
        )
        try:
            return cls(org, create(read=read_json))
        except OutcomeUnknown as unknown:
            new = [info for id_, info in _accounts_jobs(org).items() if id_ not in known]
            if not new:
                return cls(org, create(read=read_json))
            if len(new) == 1:
                return cls(org, new[0], is_certain=False)
            raise ConnectionProblem(
                f"{unknown.what} It may be one of the jobs {', '.join(str(info['id']) for info in new)}.",
                "Abort the one that nobody else uses in Setup under Bulk Data Load Jobs, and run again.",
            ) from None

    @classmethod
    def resumed(cls, org: SalesforceOrg, job_id: str | None) -> Self | None:
        """Return an earlier job if Salesforce still has it and it has not failed."""
        if job_id is None:
            return None
        try:
            info: Any = org.call("GET", f"jobs/query/{job_id}", doing="look for the earlier query")
        except RequestRefused as refused:
            if refused.status != requests.codes.not_found:
                raise
            return None
        return None if info["state"] in ("Failed", "Aborted") else cls(org, info, is_certain=False)

    @property
    def first_result_address(self) -> str:
        """Where the first page of the result is."""
        return f"jobs/query/{self.id}/results"

    def wait(self, deadline: float, report: Callable[[], None]) -> None:
        """Return when Salesforce has run the query; `deadline` is a reading of the monotonic clock."""
        pause = _FIRST_PAUSE
        while True:
            info: Any = self._org.call("GET", f"jobs/query/{self.id}", doing="tell how far the query is")
            self.state = str(info["state"])
            self.records_found = int(info.get("numberRecordsProcessed") or 0)
            report()
            if self.state == "JobComplete":
                if info.get("numberRecordsProcessed") is None:
                    raise IncompleteSnapshot("Salesforce does not say how many records it found.", "Run again.")
                return
            if self.state == "Failed":
                raise job_failed(str(info.get("errorMessage") or ""))
            if self.state == "Aborted":
                raise ConnectionProblem("Somebody aborted the query of the Accounts in Salesforce.", "Run again.")
            left = deadline - time.monotonic()
            if left <= 0:
                raise ConnectionProblem(
                    f"Salesforce did not finish the query of the Accounts in time; it was {self.state}.",
                    "Run again when the org is less busy, or select fewer formula fields.",
                )
            time.sleep(min(pause * random.uniform(0.8, 1.2), left))  # noqa: S311
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def result_addresses(self) -> Iterator[str] | None:
        """Return the addresses of all result pages, asked for as they are used; None when only locators are offered."""
        if float(self._org.api_version) < _FIRST_VERSION_WITH_RESULT_PAGES:
            return None
        try:
            answer: Any = self._listed(f"jobs/query/{self.id}/resultPages")
        except RequestRefused as refused:
            if refused.status != requests.codes.not_found:
                raise
            return None
        return self._addresses_from(answer) if isinstance(answer, dict) and "resultPages" in answer else None

    def _addresses_from(self, answer: Any) -> Iterator[str]:
        seen = set[str]()
        while True:
            for entry in answer["resultPages"]:
                yield _own_path(entry["resultUrl"])
            if answer.get("done"):
                return
            # Salesforce's reference says nextRecordUrl, its example nextRecordsUrl.
            following = answer.get("nextRecordsUrl") or answer.get("nextRecordUrl")
            if not following or following in seen:
                raise IncompleteSnapshot("Salesforce does not say where the rest of the result is.", "Run again.")
            seen.add(following)
            answer = self._listed(_own_path(following))

    def _listed(self, path: str) -> Any:
        return self._org.call("GET", path, doing="list the pages of the result")

    def download(
        self, number: int, address: str, directory: Path, stopped: threading.Event
    ) -> tuple[CsvPage | None, str | None]:
        """Return a page, None when it is empty, and the locator of the next one, None when it was the last."""

        def read(response: requests.Response) -> tuple[CsvPage | None, str | None]:
            page = save_page(response, number, directory, stopped)
            if page is None and self.records_found:
                raise TornPage(f"Page {number} of the Accounts came without content")
            locator = response.headers.get("Sforce-Locator", "null")
            return page, None if locator in ("", "null") else locator

        return self._org.call(
            "GET", address, doing="send the result", headers={"Accept": "text/csv"}, read=read, stopped=stopped
        )

    def finish(self) -> None:
        """Abort the job, or remove it when it has ended. Failing to is only logged: it goes by itself in 7 days."""
        try:
            if self.state not in _TERMINAL:
                try:
                    self._change("PATCH", {"state": "Aborted"})
                except RequestRefused:  # it has ended since it was last looked at
                    self._change("DELETE")
            else:
                self._change("DELETE")
        except Problem as problem:
            logger.warning("Job %s is left behind in Salesforce. %s", self.id, problem)

    def _change(self, method: str, body: dict[str, str] | None = None) -> None:
        self._org.call(method, f"jobs/query/{self.id}", doing="remove the query", body=body, read=lambda _: None)


def _accounts_jobs(org: SalesforceOrg) -> dict[str, dict[str, Any]]:
    """Return the queryAll jobs on Account, of anybody, that Salesforce still has, by id."""
    jobs: dict[str, dict[str, Any]] = {}
    path = "jobs/query?jobType=V2Query"
    while path:
        answer: Any = org.call("GET", path, doing="list its query jobs")
        jobs |= {
            str(info["id"]): info
            for info in answer["records"]
            if (info.get("operation"), info.get("object")) == ("queryAll", "Account")
        }
        path = _own_path(answer["nextRecordsUrl"]) if answer.get("nextRecordsUrl") else ""
    return jobs


def _own_path(address: str) -> str:
    """Return path and query of an address from an answer: the token goes to no other host than the org's."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
