"""Read all Accounts, or the records of another query, with one Bulk API 2.0 queryAll job.

The REST API is used when the Bulk API is refused.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self

from sf_insights.domain.problems import IncompleteData, Problem
from sf_insights.domain.soql import object_of
from sf_insights.salesforce.bulk_job import QueryJob
from sf_insights.salesforce.csv_pages import CsvPage, header_of, write_page
from sf_insights.salesforce.errors import RequestRefused, bulk_is_refused
from sf_insights.salesforce.org import LOCATOR_LOST, SalesforceOrg
from sf_insights.system.durable import PRIVATE_DIRECTORY
from sf_insights.system.signals import refuse_stopped
from sf_insights.transport.answers import read_json, translated_parse_errors
from sf_insights.transport.paging import PageTrail
from sf_insights.transport.retry import ONCE_MORE, DoubtfulAnswer

logger = logging.getLogger(__name__)

_EMPTY_PAGES = 100  # allowed in one result

_Download = tuple[CsvPage | None, str | None]  # a page, and the locator of the next page
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Progress:
    """The progress of reading: the job's state, the records Salesforce found, and the pages and records received."""

    method: Literal["bulk", "rest"]
    job_id: str | None
    state: str
    records_found: int
    pages: int
    records: int
    seconds: float


class AccountReading:
    """One reading of all records of a query, including deleted ones. As a context manager it cleans up in Salesforce.

        with AccountReading(org, soql, directory) as reading:
            for page in reading.pages():
                ...

    `method` is "bulk" or "rest", and `downgrade_reason` says why it is "rest". `total_records` is the number of records
    that Salesforce announces: None until pages() yields its first page, and equal to the records received at the end.
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
        landed: Mapping[int, int] | None = None,
    ) -> None:
        """Prepare the reading. Requests are sent only inside the with statement.

        `soql` must not contain ORDER BY or LIMIT, which stop Salesforce from splitting the query. Pages are written to
        `directory`; at most `workers` + 1 pages are being downloaded or waiting for the caller. `deadline_seconds`
        limits the wait for Salesforce to run the query. `resume_job` is the job that an earlier process left for the
        same query; it is used if Salesforce still has it. `landed` maps the numbers of that job's pages that were
        already received to their record counts; these pages are not downloaded again.
        """
        self.method: Literal["bulk", "rest"] = "bulk"
        self.downgrade_reason: str | None = None
        self.total_records: int | None = None
        self._org = org
        self._soql = soql
        self._object_name = object_of(soql)
        self._directory = directory
        self._workers = workers
        self._deadline_seconds = deadline_seconds
        self._on_progress = on_progress
        self._resume_job = resume_job
        self._landed = dict(landed or {})
        self._job: QueryJob | None = None
        self._arriving: Generator[CsvPage, None, None] | None = None
        self._began = time.monotonic()
        self._arrived: dict[int, int] = {}

    @property
    def job_id(self) -> str | None:
        """The id of the Bulk API job; None when the REST API is used."""
        return self._job.id if self._job is not None else None

    def __enter__(self) -> Self:
        self._directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        try:
            self._job = QueryJob.resumed(self._org, self._resume_job)
            if self._job is None:
                self._landed = {}
                self._job = QueryJob.created(self._org, self._soql)
        except RequestRefused as refused:
            if not bulk_is_refused(refused):
                raise
            self.method, self.downgrade_reason = "rest", f"{refused.code}: {refused.detail}"
        return self

    @property
    def own_job_id(self) -> str | None:
        """The id of the job if it is certainly ours, so that a later run may resume or delete it."""
        return self._job.id if self._job is not None and self._job.is_ours else None

    @property
    def is_resumed(self) -> bool:
        """Whether the earlier job is continued; if not, discard the pages that were landed from it."""
        return self._job is not None and self._job.id == self._resume_job

    def __exit__(self, *_: object) -> None:
        # After an error, the traceback would keep the generator and its downloads alive.
        if self._arriving is not None:
            self._arriving.close()
        if self._job is not None:
            self._job.finish()

    def pages(self) -> Generator[CsvPage, None, None]:
        """Yield whole pages in the order of arrival, while other pages are being downloaded.

        Raises:
            RequestRefused: Salesforce refused the query or a part of its result.
            TemporaryFailure: the query failed in Salesforce for a temporary reason.
            IncompleteData: fewer or more records arrived than Salesforce announced.
            ConnectionProblem: all retries failed, or the deadline passed.
        """
        self._arriving = self._all_pages()
        return self._arriving

    def _all_pages(self) -> Generator[CsvPage, None, None]:
        for page in self._bulk_pages(self._job) if self._job is not None else self._rest_pages():
            self._check_query(page)
            self._arrived[page.number] = page.records
            self._refuse_too_much()
            self._report("Downloading")
            refuse_stopped()
            yield page
        records = sum(self._arrived.values())
        if records != self.total_records:
            raise IncompleteData(
                f"{records} {self._object_name} records arrived, but Salesforce announced {self.total_records}.",
                "Run again; nothing was changed.",
            )

    def _refuse_too_much(self) -> None:
        """Stop reading a result that continues past the announced number of records."""
        announced = self.total_records or 0
        if sum(self._arrived.values()) > announced or len(self._arrived) > announced + _EMPTY_PAGES:
            raise IncompleteData(
                f"Salesforce announced {announced} {self._object_name} records, but keeps sending pages after them.",
                "Run again; nothing was changed.",
            )

    def _bulk_pages(self, job: QueryJob) -> Iterator[CsvPage]:
        job.wait(self._began + self._deadline_seconds, lambda: self._report(job.state, job.records_found))
        self.total_records = job.records_found
        stopped = threading.Event()
        with ThreadPoolExecutor(self._workers, thread_name_prefix="accounts") as pool:
            # The pool waits for its threads when the block ends, so stop them first on every way out.
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
        self, job: QueryJob, addresses: Iterator[str], pool: ThreadPoolExecutor, stopped: threading.Event
    ) -> Iterator[CsvPage]:
        self._arrived |= self._landed
        numbered = (entry for entry in enumerate(addresses, start=1) if entry[0] not in self._landed)
        flying: set[Future[_Download]] = set()
        while True:
            while len(flying) <= self._workers and (following := next(numbered, None)) is not None:
                number, address = following
                flying.add(pool.submit(job.download, number, address, self._directory, stopped))
            if not flying:
                return
            landed = _first_ended(flying)
            flying.remove(landed)
            page, _ = landed.result()
            if page is not None:
                yield page

    def _pages_one_by_one(self, job: QueryJob, pool: ThreadPoolExecutor, stopped: threading.Event) -> Iterator[CsvPage]:
        """Yield the pages by locator. Each page gives the locator of the next, so only one page is fetched ahead."""
        number, trail = 1, PageTrail("Salesforce", "send the result")
        coming = pool.submit(job.download, number, job.first_result_address, self._directory, stopped)
        while True:
            page, locator = _first_ended({coming}).result()
            if locator is None:
                if page is not None:
                    yield page
                return
            trail.follow(locator, brought=page.records if page is not None else 0)
            number += 1
            address = f"{job.first_result_address}?locator={locator}"
            coming = pool.submit(job.download, number, address, self._directory, stopped)
            if page is not None:
                yield page

    def _rest_pages(self) -> Iterator[CsvPage]:
        # Keep numbers as text to avoid floats, and keep invalid characters so that landing can report their cells.
        as_text = partial(read_json, keeps_damage=True, parse_float=str, parse_int=str)
        pages = self._org.query_pages(self._soql, include_deleted=True, read=as_text)
        for number, answer in enumerate(_in_one_session(pages), start=1):
            with translated_parse_errors("Salesforce", f"query {self._object_name}"):
                self.total_records, records = int(answer["totalSize"]), answer["records"]
                page = write_page(records, number, self._directory, self._object_name) if records else None
            if page is not None:
                yield page

    def _check_query(self, page: CsvPage) -> None:
        """Raise when a job that was found, not created by us for certain, runs another query."""
        if self._job is None or self._job.is_certain:
            return
        selected = re.sub(r"(?is)^\s*select\s+|\s+from\s.*$", "", self._soql).split(",")
        if {name.lower() for name in header_of(page.path)} != {name.strip().lower() for name in selected}:
            stranger, self._job = self._job, None  # somebody else's job must not be deleted
            raise IncompleteData(f"Job {stranger.id} in Salesforce runs another query than this sync's.", "Run again.")

    def _report(self, state: str, found: int | None = None) -> None:
        if self._on_progress is not None:
            seconds = time.monotonic() - self._began
            found = (self.total_records or 0) if found is None else found
            arrived = self._arrived
            progress = Progress(self.method, self.job_id, state, found, len(arrived), sum(arrived.values()), seconds)
            self._on_progress(progress)


def _in_one_session(pages: Iterator[Any]) -> Iterator[Any]:
    """Yield REST pages. A locator belongs to the session that opened it; once that has expired, read all pages anew."""
    try:
        yield from pages
    except RequestRefused as refused:
        if refused.code not in LOCATOR_LOST:
            raise
        raise DoubtfulAnswer(refused.what.removesuffix("."), remedy=refused.remedy) from None


def _first_ended(downloads: set[Future[_Download]]) -> Future[_Download]:
    """Wait for a download to end and return it. In an outage this may take hours, so check for signals to stop."""
    while not (ended := wait(downloads, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED).done):
        refuse_stopped()
    return next(iter(ended))


def discard_job(org: SalesforceOrg, job_id: str) -> None:
    """Abort or delete the job of an earlier run, if Salesforce still has it. A failure is only logged."""
    try:
        job = QueryJob.resumed(org, job_id, retry=ONCE_MORE)
    except Problem as problem:
        logger.warning("Job %s of an earlier run remains in Salesforce. %s", job_id, problem)
        return
    if job is not None:
        job.finish()
