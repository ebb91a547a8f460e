"""All Accounts at once: one Bulk API 2.0 queryAll job, or the REST API when the Bulk API is refused."""

import logging
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, Self

from sf_insights.domain.problems import IncompleteSnapshot, Problem
from sf_insights.salesforce.bulk_job import QueryJob
from sf_insights.salesforce.csv_pages import CsvPage, header_of, write_page
from sf_insights.salesforce.errors import RequestRefused, bulk_is_refused
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.system.durable import PRIVATE_DIRECTORY
from sf_insights.system.signals import refuse_stopped
from sf_insights.transport.answers import read_json, understood
from sf_insights.transport.paging import Way
from sf_insights.transport.retry import ONCE_MORE

logger = logging.getLogger(__name__)

_EMPTY_PAGES = 100  # that a result may have

_Download = tuple[CsvPage | None, str | None]  # a page, and the locator of the next
_LOOK_SECONDS = 0.5


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
        landed: Mapping[int, int] | None = None,
    ) -> None:
        """Prepare; nothing is sent before the with statement.

        `soql` has neither ORDER BY nor LIMIT: they switch off Salesforce's splitting of the query. Pages are written
        into `directory`; at most `workers` + 1 of them are on the way or waiting for the consumer. `deadline_seconds`
        bounds the wait for Salesforce to run the query. `resume_job` is the job of an earlier snapshot of the same
        query that died; it is used if Salesforce still has it. `landed` says how many records each page of that
        job has which arrived then and need not again, by number.
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
        self._landed = dict(landed or {})
        self._job: QueryJob | None = None
        self._arriving: Generator[CsvPage, None, None] | None = None
        self._began = time.monotonic()
        self._arrived: dict[int, int] = {}

    @property
    def job_id(self) -> str | None:
        """The Bulk API job; None when the REST API is used."""
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
        """The job, if it is known to be ours: then a later run may take it up, or remove it."""
        return self._job.id if self._job is not None and self._job.is_ours else None

    @property
    def is_resumed(self) -> bool:
        """Whether the earlier job goes on; if not, nothing that it landed is part of this snapshot."""
        return self._job is not None and self._job.id == self._resume_job

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
            PassingTrouble: Salesforce failed the query for a reason that may pass.
            IncompleteSnapshot: the pages are not all that Salesforce announced.
            ConnectionProblem: the network failed for good, or the deadline passed.
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
            raise IncompleteSnapshot(
                f"{records} Account records arrived where Salesforce announced {self.total_records}.",
                "Run again; nothing was changed.",
            )

    def _refuse_too_much(self) -> None:
        """End a result that goes on and on behind what was announced."""
        announced = self.total_records or 0
        if sum(self._arrived.values()) > announced or len(self._arrived) > announced + _EMPTY_PAGES:
            raise IncompleteSnapshot(
                f"Salesforce announced {announced} Account records, and sends more pages than they fill.",
                "Run again; nothing was changed.",
            )

    def _bulk_pages(self, job: QueryJob) -> Iterator[CsvPage]:
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
        """Yield the pages by their locators, each of which is known from the page before: one page ahead."""
        number, way = 1, Way("Salesforce", "send the result")
        coming = pool.submit(job.download, number, job.first_result_address, self._directory, stopped)
        while True:
            page, locator = _first_ended({coming}).result()
            if locator is None:
                if page is not None:
                    yield page
                return
            way.on(locator, brought=page.records if page is not None else 0)
            number += 1
            address = f"{job.first_result_address}?locator={locator}"
            coming = pool.submit(job.download, number, address, self._directory, stopped)
            if page is not None:
                yield page

    def _rest_pages(self) -> Iterator[CsvPage]:
        # No number passes through a float, and the landing says which cells were damaged.
        as_text = partial(read_json, keeps_damage=True, parse_float=str, parse_int=str)
        for number, answer in enumerate(self._org.query_pages(self._soql, include_deleted=True, read=as_text), start=1):
            with understood("Salesforce", "query Accounts"):
                self.total_records = int(answer["totalSize"])
                page = write_page(answer["records"], number, self._directory) if answer["records"] else None
            if page is not None:
                yield page

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
            arrived = self._arrived
            progress = Progress(self.method, self.job_id, state, found, len(arrived), sum(arrived.values()), seconds)
            self._on_progress(progress)


def _first_ended(downloads: set[Future[_Download]]) -> Future[_Download]:
    """Return a download that has ended. In an outage that takes hours, and a signal to stop must not."""
    while not (ended := wait(downloads, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED).done):
        refuse_stopped()
    return next(iter(ended))


def discard_job(org: SalesforceOrg, job_id: str) -> None:
    """Abort or delete the job of an earlier snapshot, if Salesforce still has it. Failing to is only logged."""
    try:
        job = QueryJob.resumed(org, job_id, retry=ONCE_MORE)
    except Problem as problem:
        logger.warning("Job %s of an earlier run is left behind in Salesforce. %s", job_id, problem)
        return
    if job is not None:
        job.finish()
