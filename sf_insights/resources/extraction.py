"""Reading all Accounts once: from the query to a complete landed snapshot, also after an earlier process died."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from sf_insights.domain.field_types import ColumnType
from sf_insights.domain.problems import IncompleteSnapshot
from sf_insights.domain.soql import select_accounts
from sf_insights.resources.bulk import AccountSnapshot, Progress, discard_job
from sf_insights.resources.landing import LandedAccounts, empty_landing
from sf_insights.resources.salesforce import SalesforceOrg

_JOB_FILE = "job.json"
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
    """A complete snapshot on disk, how many records were announced, and how it was read: "bulk", or why "rest"."""

    landed: LandedAccounts
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

    A job that an earlier process left in the middle of its download is taken up when it is of the same query; else it
    is removed from Salesforce and reading starts afresh.

    Raises:
        RequestRefused: Salesforce refuses the query.
        IncompleteSnapshot: not everything that Salesforce announced arrived.
        ConnectionProblem: the network failed for good.
    """
    soql = select_accounts(columns)
    query = Query.of(org, soql, day, describe_fingerprint)
    earlier = _earlier_job(org, directory, query)
    landed = LandedAccounts.found_in(directory) if earlier else LandedAccounts(directory)
    with AccountSnapshot(
        org,
        soql,
        directory,
        on_progress=on_progress,
        resume_job=earlier,
        landed={number: page.records for number, page in landed.pages.items()},
    ) as snapshot:
        if not snapshot.is_resumed:
            empty_landing(directory)
            landed = LandedAccounts(directory)
            if snapshot.job_id:
                content = {"job_id": snapshot.job_id, "query": asdict(query)}
                (directory / _JOB_FILE).write_text(json.dumps(content), encoding="utf-8")
        _land_pages(snapshot, landed, columns)
    if not landed.records:
        raise IncompleteSnapshot(
            "Salesforce delivered no Account at all.",
            "The integration user needs the permission View All on Account; nothing was changed.",
        )
    return Extraction(landed, snapshot.total_records, snapshot.method, snapshot.downgrade_reason)


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


def _earlier_job(org: SalesforceOrg, directory: Path, query: Query) -> str | None:
    """The job that an earlier process left here, if it is of this query; one of another is removed in Salesforce."""
    try:
        content = json.loads((directory / _JOB_FILE).read_text(encoding="utf-8"))
        job_id, asked = str(content["job_id"]), Query(**content["query"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if asked == query:
        return job_id
    if asked.org_id == query.org_id:
        discard_job(org, job_id)
    return None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
