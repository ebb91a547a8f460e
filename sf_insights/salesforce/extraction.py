"""Reading all Accounts once: from the query to a complete landed snapshot, also after an earlier process died."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.domain.problems import IncompleteSnapshot
from sf_insights.domain.soql import select_accounts
from sf_insights.salesforce.account_reader import AccountSnapshot, Progress, discard_job
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.salesforce.parquet_pages import LandedAccounts, empty_landing
from sf_insights.system.clock import now

_JOB_FILE = "job.json"
# What an older job read is too far from what Salesforce holds now to pass for today's.
_YOUNG = timedelta(hours=1)
_PAGES_AT_ONCE = 3


@dataclass(frozen=True)
class Query:
    """What a query job must have been asked by whom for its result to be what this sync asks for."""

    day: str
    org_id: str
    user: str
    api_version: str
    describe_fingerprint: str
    soql_hash: str

    @classmethod
    def of(cls, org: SalesforceOrg, soql: str, day: str, describe_fingerprint: str) -> Query:
        """The query of `soql` in this org, by the user that the credentials stand for."""
        return cls(day, org.org_id, org.user, org.api_version, describe_fingerprint, _hash(soql))


@dataclass(frozen=True)
class Extraction:
    """A complete snapshot on disk, how many records were announced, and how it was read: "bulk", or why "rest".

    `read_at` is when Salesforce was asked: the values are of then, also when an earlier process asked.
    """

    landed: LandedAccounts
    read_at: datetime
    announced_records: int | None
    method: Literal["bulk", "rest"]
    downgrade_reason: str | None


def extract_accounts(
    org: SalesforceOrg,
    columns: Mapping[str, ColumnType],
    directory: Path,
    *,
    day: str,
    describe_fingerprint: str,
    on_progress: Callable[[Progress], None],
) -> Extraction:
    """Land every Account, deleted and merged ones included, with these columns.

    A job that a dead process left in the middle of its download is taken up when it is young and of the same query;
    else it is removed from Salesforce and reading starts afresh. A reading that fails leaves no job to take up: the
    next one is to see what has changed meanwhile.

    Raises:
        RequestRefused: Salesforce refuses the query.
        PassingTrouble: Salesforce failed the query for a reason that may pass; the query is removed.
        IncompleteSnapshot: not everything that Salesforce announced arrived.
        ConnectionProblem: the network failed for good.
    """
    soql = select_accounts(columns)
    query = Query.of(org, soql, day, describe_fingerprint)
    note = directory / _JOB_FILE
    earlier = _earlier_job(org, note, query)
    landed = LandedAccounts.found_in(directory) if earlier else LandedAccounts(directory)
    asked_at = now()
    try:
        with AccountSnapshot(
            org,
            soql,
            directory,
            on_progress=on_progress,
            resume_job=earlier.id if earlier else None,
            landed={number: page.records for number, page in landed.pages.items()},
        ) as snapshot:
            if snapshot.is_resumed and earlier:
                asked_at = earlier.asked_at
            else:
                empty_landing(directory)
                landed = LandedAccounts(directory)
                if snapshot.own_job_id:
                    EarlierJob(snapshot.own_job_id, asked_at, query).save(note)
            _land_pages(snapshot, landed, columns)
    finally:
        note.unlink(missing_ok=True)  # the job has ended, or could not be ended and is nobody's any more
    if not landed.records:
        raise IncompleteSnapshot(
            "Salesforce delivered no Account at all.",
            "The integration user needs the permission View All on Account; nothing was changed.",
        )
    return Extraction(landed, asked_at, snapshot.total_records, snapshot.method, snapshot.downgrade_reason)


def _land_pages(snapshot: AccountSnapshot, landed: LandedAccounts, columns: Mapping[str, ColumnType]) -> None:
    """Land pages while others arrive. Parts of a page's casting use one core only, so a few pages share the machine."""
    with ThreadPoolExecutor(_PAGES_AT_ONCE, thread_name_prefix="landing") as pool:
        landing: set[Future[None]] = set()
        for page in snapshot.pages():
            if len(landing) == _PAGES_AT_ONCE:
                ended, landing = wait(landing, return_when=FIRST_COMPLETED)
                for one in ended:
                    one.result()
            landing.add(pool.submit(landed.land, page, columns))
        for one in landing:
            one.result()


@dataclass(frozen=True)
class EarlierJob:
    """What a process notes of its job, for the case that it dies: the job, when it was asked, and for what."""

    id: str
    asked_at: datetime
    query: Query

    def save(self, note: Path) -> None:
        content = {"job_id": self.id, "asked_at": self.asked_at.isoformat(), "query": asdict(self.query)}
        note.write_text(json.dumps(content), encoding="utf-8")

    @classmethod
    def load(cls, note: Path) -> EarlierJob | None:
        try:
            content = json.loads(note.read_text(encoding="utf-8"))
            asked_at = datetime.fromisoformat(content["asked_at"])
            return cls(str(content["job_id"]), asked_at.astimezone(UTC), Query(**content["query"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _earlier_job(org: SalesforceOrg, note: Path, query: Query) -> EarlierJob | None:
    """The job that a dead process left, if it is young and of this query; another one is removed in Salesforce."""
    earlier = EarlierJob.load(note)
    if earlier is None:
        return None
    if earlier.query == query and timedelta() <= now() - earlier.asked_at < _YOUNG:
        return earlier
    if earlier.query.org_id == query.org_id:
        discard_job(org, earlier.id)
    return None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
