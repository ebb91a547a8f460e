"""The lists to work on: accounts without a match, rejected values, Salesforce Accounts without an Insights account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from sf_insights.domain.accounts.likeness import MOST_CANDIDATES, how_alike
from sf_insights.domain.accounts.statuses import MEANINGS
from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.spreadsheets import csv_lines
from sf_insights.settings.environment import Places
from sf_insights.warehouse.reading import reading_snapshot
from sf_insights.warehouse.reports import worklists
from sf_insights.warehouse.reports.candidates import has_website, insights_candidates, salesforce_candidates
from sf_insights.warehouse.reports.worklists import REJECTED, UNMATCHED, UNREFERENCED, Narrowed, Worklist
from sf_insights.warehouse.transaction import Transaction

PAGE = 25
_GIVEN_CANDIDATES = 200  # up to so many rows, candidates are looked for one by one
Candidates = Callable[[Transaction, Sequence[Mapping[str, Any]]], dict[str, list[dict[str, Any]]]]


@dataclass(frozen=True)
class ListPage:
    """One list as people see it. `sorts` and `columns` have titles; `narrow` is the name of its filter in addresses.

    `columns` are those of the CSV. `candidates` finds accounts that are like a row's, by the column `id`.
    """

    address: str
    title: str
    worklist: Worklist
    columns: dict[str, str]
    sorts: dict[str, str]
    file: str
    id: str = ""
    narrow: str = ""
    narrow_title: str = ""
    candidates: Candidates | None = None
    group_names: Mapping[str, str] = field(default_factory=dict)


def _candidates_of_accounts(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return salesforce_candidates(tx, rows if len(rows) <= _GIVEN_CANDIDATES else None)


LISTS = (
    ListPage(
        "/unmatched",
        "Accounts without a match",
        UNMATCHED,
        {
            "account_number": "Account number",
            "account_name": "Account name",
            "crm_account_id": "CRM Account ID",
            "match_status": "Status",
            "match_status_since": "Since",
            "match_reason": "Why, and what to do",
            "account_id": "Account id",
        },
        {
            "match_status": "Reason",
            "account_name": "Name",
            "account_number": "Account number",
            "crm_account_id": "CRM Account ID",
            "match_status_since": "Since",
        },
        "accounts-without-a-match",
        id="account_id",
        narrow="status",
        narrow_title="Reason",
        candidates=_candidates_of_accounts,
        group_names=MEANINGS,
    ),
    ListPage(
        "/rejected",
        "Rejected values",
        REJECTED,
        {
            "label": "Label",
            "field": "Field",
            "salesforce_account_id": "Salesforce Account",
            "salesforce_account_name": "Name",
            "text": "Value",
            "reason": "Why",
            "day": "Day",
        },
        {"field": "Field", "salesforce_account_name": "Name", "text": "Value", "reason": "Why"},
        "rejected-values",
        narrow="field",
        narrow_title="Field",
    ),
    ListPage(
        "/unreferenced",
        "Salesforce Accounts without an Insights account",
        UNREFERENCED,
        {"salesforce_account_id": "Salesforce Account", "name": "Name", "website": "Website"},
        {"name": "Name", "salesforce_account_id": "Salesforce id"},
        "salesforce-accounts-without-an-insights-account",
        id="salesforce_account_id",
        candidates=insights_candidates,
    ),
)


class ListPages:
    """The pages of the lists, and their CSV files."""

    def __init__(
        self, places: Places, configuration: Callable[[], AccountFieldSync | None], page: Callable[..., Response]
    ) -> None:
        """Prepare; the arguments are those of AccountPages."""
        self._places = places
        self._configuration = configuration
        self._page = page

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            route
            for shown in LISTS
            for route in (
                Route(shown.address, self._showing(shown)),
                Route(f"{shown.address}.csv", self._writing(shown)),
            )
        ]

    def _showing(self, shown: ListPage) -> Callable[[Request], Response]:
        def show(request: Request) -> Response:
            narrowed = _narrowed(shown, request)
            facts: dict[str, Any] = {}
            if self._places.snapshot.exists():
                with reading_snapshot(self._places.snapshot) as tx:
                    facts = _facts(tx, shown, narrowed)
                narrowed = facts["narrowed"]
            return self._page(
                "worklist",
                configuration=self._configuration(),
                shown=shown,
                all_lists=LISTS,
                narrowed=narrowed,
                found=facts,
                meanings=MEANINGS,
                address=Addresses(shown, narrowed),
            )

        return show

    def _writing(self, shown: ListPage) -> Callable[[Request], Response]:
        def write(request: Request) -> Response:
            narrowed = _narrowed(shown, request)
            with reading_snapshot(self._places.snapshot) as tx:
                rows = worklists.rows(tx, shown.worklist, narrowed)
                has_candidates = shown.worklist is UNMATCHED
                candidates = candidates_of(tx, shown, rows) if has_candidates else {}
                day, _ = worklists.days(tx)
            heads = list(shown.columns.values())
            if has_candidates:
                heads += [f"Candidate {number} {part}" for number in range(1, MOST_CANDIDATES + 1) for part in _PARTS]
            return StreamingResponse(
                csv_lines(heads, _lines(shown, rows, candidates)),
                media_type="text/csv; charset=utf-8",
                headers={"Content-Disposition": f'attachment; filename="{shown.file}-{day}.csv"'},
            )

        return write


_PARTS = ("id", "name", "website")


def candidates_of(
    tx: Transaction, shown: ListPage, rows: Sequence[Mapping[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """Return the candidates of a list's rows, by the row's id."""
    return shown.candidates(tx, rows) if shown.candidates else {}


def _lines(
    shown: ListPage, rows: Sequence[Mapping[str, Any]], candidates: Mapping[str, list[dict[str, Any]]]
) -> Iterator[list[Any]]:
    for row in rows:
        line = [
            shown.group_names.get(row[name], row[name]) if name == shown.worklist.group else row[name]
            for name in shown.columns
        ]
        yield line + [entry[part] for entry in candidates.get(row[shown.id] if shown.id else "", []) for part in _PARTS]


def _narrowed(shown: ListPage, request: Request) -> Narrowed:
    query = request.query_params
    sort = query.get("sort", "")
    number = query.get("page", "")
    return Narrowed(
        text=query.get("q", "").strip()[:200],
        group=query.get(shown.narrow, "") if shown.narrow else "",
        sort=sort.removeprefix("-") if sort.removeprefix("-") in shown.sorts else "",
        is_descending=sort.startswith("-"),
        page=max(1, int(number)) if number.isascii() and number.isdigit() and len(number) < 9 else 1,
        group_names=shown.group_names,
    )


def _facts(tx: Transaction, shown: ListPage, narrowed: Narrowed) -> dict[str, Any]:
    """Return what the page shows; `narrowed` has the last page instead of one after it."""
    worklist = shown.worklist
    count = worklists.count(tx, worklist, narrowed)
    pages = max(1, -(-count // PAGE))
    narrowed = replace(narrowed, page=min(narrowed.page, pages))
    rows = worklists.rows(tx, worklist, narrowed, PAGE)
    day, before = worklists.days(tx)
    candidates = candidates_of(tx, shown, rows)
    groups = worklists.counts(tx, worklist) if worklist.group else {}
    fixed, of_fixed = worklists.fixed(tx, worklist)
    return {
        "narrowed": narrowed,
        "rows": [
            row
            | {
                "candidates": [
                    entry | {"likeness": how_alike(entry["similarity"])}
                    for entry in candidates.get(row[shown.id] if shown.id else "", [])
                ]
            }
            for row in rows
        ],
        "count": count,
        "of_all": sum(groups.values()) if worklist.group else worklists.count(tx, worklist),
        "groups": groups,
        "pages": pages,
        "first": (narrowed.page - 1) * PAGE + 1,
        "fixed": fixed,
        "of_fixed": of_fixed,
        "day": day,
        "before": before,
        "has_website": has_website(tx),
    }


class Addresses:
    """The addresses of a list with one thing changed: its order, its page, or its form."""

    def __init__(self, shown: ListPage, narrowed: Narrowed) -> None:
        self._shown, self._narrowed = shown, narrowed

    def _query(self, **changed: str) -> str:
        seen = self._narrowed
        sort = ("-" if seen.is_descending else "") + seen.sort if seen.sort else ""
        values = {"q": seen.text, "sort": sort, "page": str(seen.page) if seen.page > 1 else ""}
        if self._shown.narrow:
            values[self._shown.narrow] = seen.group
        return urlencode({name: value for name, value in (values | changed).items() if value})

    def _at(self, path: str, query: str) -> str:
        return f"{path}?{query}" if query else path

    def page(self, number: int) -> str:
        """Return the address of another page."""
        return self._at(self._shown.address, self._query(page=str(number) if number > 1 else ""))

    def sorted(self, column: str) -> str:
        """Return the address of the list sorted by a column, the other way round if it is already."""
        seen = self._narrowed
        is_same = (seen.sort or self._shown.worklist.sorts[0]) == column and not seen.is_descending
        return self._at(self._shown.address, self._query(sort=("-" if is_same else "") + column, page=""))

    @property
    def csv(self) -> str:
        """Return the address of the file."""
        return self._at(f"{self._shown.address}.csv", self._query(page=""))
