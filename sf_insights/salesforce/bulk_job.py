"""One Bulk API 2.0 query job: create it, wait for it, download its result, delete it.

Sources: Bulk API 2.0 Developer Guide, "Query" and "Get Parallel Query Results".
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

import requests

from sf_insights.domain.problems import ConnectionProblem, IncompleteData, Problem
from sf_insights.domain.salesforce_ids import to_18_characters
from sf_insights.domain.soql import object_of
from sf_insights.salesforce.csv_pages import CsvPage, TornPage, page_title, save_page
from sf_insights.salesforce.errors import RequestRefused, job_failed
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.system.signals import pause
from sf_insights.transport.answers import read_json, translated_parse_errors
from sf_insights.transport.paging import PageTrail, own_path
from sf_insights.transport.retry import ONCE_MORE, OutcomeUnknown, RetryPolicy

logger = logging.getLogger(__name__)

T = TypeVar("T")

_FIRST_PAUSE = 0.3
_LONGEST_PAUSE = 30.0
_FIRST_VERSION_WITH_RESULT_PAGES = 58.0
_QUERIES = "jobs/query?jobType=V2Query"
_CLOCKS_DIFFER = timedelta(seconds=5)  # the clocks of Salesforce's servers may differ
_TERMINAL = frozenset({"JobComplete", "Failed", "Aborted"})


class QueryJob:
    """One Bulk API 2.0 query job, from its creation to its deletion."""

    def __init__(
        self, org: SalesforceOrg, info: dict[str, Any], *, is_certain: bool = True, is_ours: bool = True
    ) -> None:
        """`is_certain` says that the job certainly runs our query, and `is_ours` that we certainly created it."""
        self._org = org
        self.is_certain = is_certain
        self.is_ours = is_ours
        with translated_parse_errors("Salesforce", "run the query"):
            self.id = str(info["id"])
            self.object_name = str(info.get("object") or "Account")
            self.state = str(info["state"])
        self.records_found = 0

    @classmethod
    def created(cls, org: SalesforceOrg, soql: str) -> "QueryJob":
        """Create the job. After a failure with unknown outcome, look for the job, and create another if not found.

        A second job costs little: Salesforce deletes the first one after 7 days.
        """
        asked_at, object_name = org.clock, object_of(soql)

        def create_or_find() -> "QueryJob":
            try:
                info: Any = org.call(
                    "POST",
                    "jobs/query",
                    doing=f"query the {object_name} records",
                    object_name=object_name,
                    body={"operation": "queryAll", "query": soql, "contentType": "CSV", "lineEnding": "LF"},
                    repeat_when_unsure=False,
                )
                return cls(org, info)
            except OutcomeUnknown as met:
                unknown = met
            found = _job_since(org, object_name, asked_at)
            if found is not None:
                return cls(org, found, is_certain=False, is_ours=False)
            logger.warning("%s The query is created again; the first one may remain in Salesforce.", unknown.what)
            raise unknown.trouble

        return org.retry.run(create_or_find)

    @classmethod
    def resumed(cls, org: SalesforceOrg, job_id: str | None, *, retry: RetryPolicy | None = None) -> Self | None:
        """Return an earlier job if Salesforce still has it and it has not failed."""
        if job_id is None:
            return None
        try:
            info: Any = org.call("GET", f"jobs/query/{job_id}", doing="look for the earlier query", retry=retry)
        except RequestRefused as refused:  # a new job replaces it
            if refused.status != requests.codes.not_found:
                logger.warning("Job %s of an earlier run is not used. %s", job_id, refused)
            return None
        with translated_parse_errors("Salesforce", "look for the earlier query"):
            has_failed = info["state"] in ("Failed", "Aborted")
        return None if has_failed else cls(org, info, is_certain=False)

    @property
    def first_result_address(self) -> str:
        """The address of the first page of the result."""
        return f"jobs/query/{self.id}/results"

    def wait(self, deadline: float, report: Callable[[], None]) -> None:
        """Wait until Salesforce has run the query. `deadline` is a time of the monotonic clock."""
        seconds = _FIRST_PAUSE
        while True:
            asked_at = time.monotonic()
            info: Any = self._get(f"jobs/query/{self.id}", doing="report the progress of the query")
            deadline += time.monotonic() - asked_at  # do not count an outage: the query continues meanwhile
            with translated_parse_errors("Salesforce", "report the progress of the query"):
                self.state = str(info["state"])
                self.records_found = int(info.get("numberRecordsProcessed") or 0)
            report()
            if self.state == "JobComplete":
                if info.get("numberRecordsProcessed") is None:
                    raise IncompleteData("Salesforce does not say how many records it found.", "Run again.")
                return
            if self.state == "Failed":
                raise job_failed(str(info.get("errorMessage") or ""), self.object_name)
            if self.state == "Aborted":
                raise ConnectionProblem(
                    f"The query of the {self.object_name} records was aborted in Salesforce.", "Run again."
                )
            left = deadline - time.monotonic()
            if left <= 0:
                raise ConnectionProblem(
                    f"Salesforce did not finish the query of the {self.object_name} records in time; it "
                    f"was {self.state}.",
                    "Run again when the org is less busy, or select fewer formula fields.",
                )
            pause(min(seconds * random.uniform(0.8, 1.2), left))  # noqa: S311
            seconds = min(seconds * 1.5, _LONGEST_PAUSE)

    def result_addresses(self) -> Iterator[str] | None:
        """Yield the addresses of all result pages as needed; return None when Salesforce gives only locators."""
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
        trail = PageTrail("Salesforce", "list the pages of the result")
        while True:
            with translated_parse_errors("Salesforce", "list the pages of the result"):
                addresses = [own_path(entry["resultUrl"]) for entry in answer["resultPages"]]
                # Salesforce's reference says nextRecordUrl, its example says nextRecordsUrl.
                following = answer.get("nextRecordsUrl") or answer.get("nextRecordUrl")
                is_done = bool(answer.get("done"))
            yield from addresses
            if is_done:
                return
            if not following:
                raise IncompleteData(
                    "Salesforce did not give the address of the next pages of the result.", "Run again."
                )
            with translated_parse_errors("Salesforce", "list the pages of the result"):
                path = own_path(following)
            answer = self._listed(trail.follow(path, brought=len(addresses)))

    def _listed(self, path: str) -> Any:
        return self._get(path, doing="list the pages of the result")

    def download(
        self, number: int, address: str, directory: Path, stopped: threading.Event
    ) -> tuple[CsvPage | None, str | None]:
        """Return a page (None if empty) and the locator of the next page (None after the last)."""

        def read(response: requests.Response) -> tuple[CsvPage | None, str | None]:
            page = save_page(response, number, directory, stopped, self.object_name)
            if page is None and self.records_found:
                raise TornPage(f"{page_title(number, self.object_name)} arrived without content")
            locator = response.headers.get("Sforce-Locator", "null")
            return page, None if locator in ("", "null") else locator

        return self._get(address, doing="send the result", headers={"Accept": "text/csv"}, read=read, stopped=stopped)

    def _get(
        self, address: str, *, doing: str, read: Callable[[requests.Response], T] = read_json, **options: Any
    ) -> T:
        try:
            return self._org.call("GET", address, doing=doing, object_name=self.object_name, read=read, **options)
        except RequestRefused as refused:
            if refused.status != requests.codes.not_found:
                raise
            raise refused.with_remedy("Run again: the query was deleted in Salesforce.") from None

    def finish(self) -> None:
        """Abort the job, or delete it if it has ended. A failure is only logged: Salesforce deletes jobs after 7 days.

        A job that may be somebody else's is not touched.
        """
        if not self.is_ours:
            logger.info("Job %s is left in Salesforce, since somebody else may have created it.", self.id)
            return
        try:
            if self.state not in _TERMINAL:
                try:
                    self._change("PATCH", {"state": "Aborted"})
                except RequestRefused:  # it has ended since the last look
                    self._change("DELETE")
            else:
                self._change("DELETE")
        except Problem as problem:
            logger.warning("Job %s remains in Salesforce. %s", self.id, problem)

    def _change(self, method: str, body: dict[str, str] | None = None) -> None:
        change_job(self._org, method, f"jobs/query/{self.id}", doing="remove the query", body=body)


def _job_since(org: SalesforceOrg, object_name: str, moment: datetime | None) -> dict[str, Any] | None:
    """Return the queryAll job on an object that our user created since `moment`; None if there is not exactly one.

    The list contains all users' jobs of the last 7 days, without their queries.
    """
    if moment is None:
        return None
    try:
        user, earliest = org.user_id(), moment - _CLOCKS_DIFFER
        with translated_parse_errors("Salesforce", "list its query jobs"):
            new = [
                info
                for info in listed_jobs(org, _QUERIES, doing="list its query jobs")
                if _is_of(info, object_name, user, earliest)
            ]
    except Problem as problem:
        logger.warning("It is unknown whether Salesforce created the query. %s", problem)
        return None
    return new[0] if len(new) == 1 else None


def _is_of(info: dict[str, Any], object_name: str, user: str, earliest: datetime) -> bool:
    return (
        (info.get("operation"), info.get("object")) == ("queryAll", object_name)
        and info["state"] not in ("Failed", "Aborted")
        and to_18_characters(info["createdById"]) == user
        and datetime.fromisoformat(info["createdDate"]) >= earliest
    )


def change_job(org: SalesforceOrg, method: str, path: str, *, doing: str, body: dict[str, str] | None = None) -> None:
    """Change or delete a job of the Bulk API, with one repeat; a job that is gone needs no change.

    Raises:
        Problem: Salesforce refuses the change or cannot be reached.
    """
    try:
        org.call(method, path, doing=doing, body=body, read=lambda _: None, retry=ONCE_MORE)
    except RequestRefused as refused:
        if refused.status != requests.codes.not_found:  # a repeated DELETE finds nothing
            raise


def listed_jobs(org: SalesforceOrg, path: str, *, doing: str) -> Iterator[dict[str, Any]]:
    """Yield every job of a list that Salesforce still has. `path` is of the list's first page."""
    trail, following = PageTrail("Salesforce", doing), path
    while following:
        answer: Any = org.call("GET", following, doing=doing)
        jobs, link = answer["records"], answer.get("nextRecordsUrl")
        yield from jobs
        first = str(jobs[0]["id"]) if jobs else ""
        following = trail.follow(own_path(link), brought=len(jobs), first=first) if link else ""
