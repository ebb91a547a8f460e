"""Read all Accounts once and land them on disk, resuming the job of an earlier process that died if possible."""

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
from sf_insights.domain.problems import IncompleteData
from sf_insights.domain.soql import select_accounts
from sf_insights.salesforce.account_reader import AccountReading, Progress, discard_job
from sf_insights.salesforce.known_texts import KnownTexts
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.salesforce.parquet_pages import LandedAccounts, empty_landing
from sf_insights.system.clock import now
from sf_insights.system.durable import write_note

_JOB_FILE = "job.json"
# The data of an older job is too old to count as today's.
_YOUNG = timedelta(hours=1)
_PAGES_AT_ONCE = 3


@dataclass(frozen=True)
class Query:
    """Identifies a query and its landing: with equal values, the job and its landed pages can be resumed."""

    day: str
    org_id: str
    user: str
    api_version: str
    describe_fingerprint: str
    soql_hash: str
    known: str | None

    @classmethod
    def of(cls, org: SalesforceOrg, soql: str, day: str, describe_fingerprint: str, known: KnownTexts | None) -> Query:
        """Return the identity of the query `soql` in this org with these credentials."""
        state = known.state if known is not None else None
        return cls(day, org.org_id, org.user, org.api_version, describe_fingerprint, _hash(soql), state)


@dataclass(frozen=True)
class Extraction:
    """All Accounts landed on disk, and how they were read.

    `read_at` is when the query was sent, possibly by an earlier process: the values are from that time.
    `announced_records` is the number that Salesforce announced. `downgrade_reason` says why `method` is "rest".
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
    known: KnownTexts | None = None,
) -> Extraction:
    """Land every Account with these columns, including deleted and merged ones; of `known` ones only the Id.

    If an earlier process died during its download, its job is resumed when it is recent and has the same query;
    otherwise the job is deleted in Salesforce and reading starts again. A failed reading leaves no job to resume, so
    that the next one reads fresh data.

    Raises:
        RequestRefused: Salesforce refuses the query.
        TemporaryFailure: the query failed in Salesforce for a temporary reason, or Salesforce no longer holds the rest
            of its result; its job is deleted.
        IncompleteData: fewer or more records arrived than Salesforce announced, or none.
        ConnectionProblem: all retries failed.
    """
    found = extract(
        org,
        select_accounts(columns),
        columns,
        directory,
        day=day,
        describe_fingerprint=describe_fingerprint,
        on_progress=on_progress,
        known=known,
    )
    if not found.landed.records:
        raise IncompleteData(
            "Salesforce sent no Accounts.",
            "The integration user needs the permission View All on Account; nothing was changed.",
        )
    return found


def extract(
    org: SalesforceOrg,
    soql: str,
    columns: Mapping[str, ColumnType],
    directory: Path,
    *,
    day: str,
    describe_fingerprint: str,
    on_progress: Callable[[Progress], None],
    known: KnownTexts | None = None,
) -> Extraction:
    """Land the records of a query, possibly none; see `extract_accounts`. `columns` need Id and IsDeleted."""
    query = Query.of(org, soql, day, describe_fingerprint, known)
    note = directory / _JOB_FILE
    earlier = _earlier_job(org, note, query)
    landed = (
        LandedAccounts.found_in(directory, columns, known) if earlier else LandedAccounts(directory, columns, known)
    )
    asked_at = now()
    try:
        with AccountReading(
            org,
            soql,
            directory,
            on_progress=on_progress,
            resume_job=earlier.id if earlier else None,
            landed={number: page.records for number, page in landed.pages.items()},
        ) as reading:
            if reading.is_resumed and earlier:
                asked_at = earlier.asked_at
            else:
                empty_landing(directory)
                landed = LandedAccounts(directory, columns, known)
                if reading.own_job_id:
                    EarlierJob(reading.own_job_id, asked_at, query).save(note)
            _land_pages(reading, landed)
    finally:
        note.unlink(missing_ok=True)  # the job was deleted, or deleting it failed; it is not resumed
    return Extraction(landed, asked_at, reading.total_records, reading.method, reading.downgrade_reason)


def _land_pages(reading: AccountReading, landed: LandedAccounts) -> None:
    """Land pages while others arrive. Parts of casting use only one core, so several pages are cast at once."""
    with ThreadPoolExecutor(_PAGES_AT_ONCE, thread_name_prefix="landing") as pool:
        landing: set[Future[None]] = set()
        for page in reading.pages():
            if len(landing) == _PAGES_AT_ONCE:
                ended, landing = wait(landing, return_when=FIRST_COMPLETED)
                for one in ended:
                    one.result()
            landing.add(pool.submit(landed.land, page))
        for one in landing:
            one.result()


@dataclass(frozen=True)
class EarlierJob:
    """A note of the running job, for the next process if this one dies: the job's id, its start and its query."""

    id: str
    asked_at: datetime
    query: Query

    def save(self, note: Path) -> None:
        content = {"job_id": self.id, "asked_at": self.asked_at.isoformat(), "query": asdict(self.query)}
        write_note(note, json.dumps(content))

    @classmethod
    def load(cls, note: Path) -> EarlierJob | None:
        try:
            content = json.loads(note.read_text(encoding="utf-8"))
            asked_at = datetime.fromisoformat(content["asked_at"])
            return cls(str(content["job_id"]), asked_at.astimezone(UTC), Query(**content["query"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _earlier_job(org: SalesforceOrg, note: Path, query: Query) -> EarlierJob | None:
    """Return the job of a process that died, if it is recent and has this query; delete any other in Salesforce."""
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
