"""The page Accounts with its search, and the page of one account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sf_insights.domain.accounts.likeness import how_alike
from sf_insights.domain.accounts.statuses import MEANINGS
from sf_insights.domain.accounts.wanted import wanted
from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.pages.accounts import account_page
from sf_insights.settings.environment import Places
from sf_insights.warehouse.reading import reading_snapshot
from sf_insights.warehouse.reports import search
from sf_insights.warehouse.reports.account import Account, account
from sf_insights.warehouse.reports.candidates import has_website, salesforce_candidates
from sf_insights.warehouse.reports.worklists import days
from sf_insights.warehouse.transaction import Transaction

ADDRESS = "/accounts"


class AccountPages:
    """The search and the accounts it finds."""

    def __init__(
        self, places: Places, configuration: Callable[[], AccountFieldSync | None], page: Callable[..., Response]
    ) -> None:
        """Prepare.

        Args:
            places: the files that the pages are about.
            configuration: reads the settings, None if they cannot be read.
            page: renders a template.
        """
        self._places = places
        self._configuration = configuration
        self._page = page

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [Route(ADDRESS, self.find), Route(f"{ADDRESS}/{{account_id:path}}", self.show)]

    def find(self, request: Request) -> Response:
        """Show what a search finds; an id of one account leads to its page."""
        typed = wanted(request.query_params.get("q", ""))
        facts: dict[str, Any] = {"rows": [], "of_all": 0, "known": None, "changed": [], "synced_on": None}
        if self._places.snapshot.exists():
            with reading_snapshot(self._places.snapshot) as tx:
                rows, of_all = search.search(tx, typed)
                if of_all == 1 and rows[0]["place"] < 2:
                    return RedirectResponse(address_of(rows[0]["account_id"]), 303)
                facts |= {"rows": rows, "of_all": of_all, "synced_on": days(tx)[0]}
                if typed.salesforce_id and not rows:
                    facts["known"] = search.salesforce_account(tx, typed.salesforce_id)
                if typed.is_empty:
                    facts["changed"] = search.recently_changed(tx)
        return self._page(
            "accounts",
            configuration=self._configuration(),
            text=typed.text,
            salesforce_id=typed.salesforce_id,
            meanings=MEANINGS,
            **facts,
        )

    def show(self, request: Request) -> Response:
        """Show one account."""
        account_id = request.path_params["account_id"]
        configuration = self._configuration()
        if not self._places.snapshot.exists():
            return self._page("account", 404, configuration=configuration, account=None, account_id=account_id)
        with reading_snapshot(self._places.snapshot) as tx:
            found = account(tx, account_id)
            facts = _facts(tx, found) if found else {}
        return self._page(
            "account",
            200 if found else 404,
            configuration=configuration,
            account=found,
            account_id=account_id,
            meanings=MEANINGS,
            **facts,
        )


def address_of(account_id: str) -> str:
    """Return the address of an account's page."""
    return f"{ADDRESS}/{quote(account_id, safe='')}"


def _facts(tx: Transaction, found: Account) -> dict[str, Any]:
    synced_on, _ = days(tx)
    changes, more = account_page.changes(found, synced_on)
    candidates = []
    if found.match and found.match["salesforce_account_id"] is None:
        by_account = salesforce_candidates(tx, [found.match])
        candidates = [
            entry | {"likeness": how_alike(entry["similarity"])} for entry in by_account.get(found.account_id, [])
        ]
    return {
        "synced_on": synced_on,
        "attributes": account_page.attributes(found),
        "metrics": account_page.metrics(found, synced_on),
        "changes": changes,
        "more_changes": more,
        "candidates": candidates,
        "has_website": has_website(tx),
    }
