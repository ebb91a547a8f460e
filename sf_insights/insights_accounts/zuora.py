"""Read the Insights accounts from Zuora's API.

Source: Zuora API reference, "CRUD: query" and "queryMore", "Create an OAuth token", "Rate limits".
A query with an unknown column is refused with INVALID_FIELD, "invalid field for query: account.mrr".
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import requests

from sf_insights.domain.encodings import LOST
from sf_insights.domain.problems import AccessRefused, ConnectionProblem, IncompleteData
from sf_insights.domain.refusals import Reaction, refusal_text, zuora_rule
from sf_insights.insights_accounts.landed_list import COLUMNS, LandedList, schema_of, write_pieces
from sf_insights.insights_accounts.zuora_credentials import ZuoraCredentials
from sf_insights.transport.answers import read_json, translated_network_errors, translated_parse_errors
from sf_insights.transport.error_bodies import error_in, error_in_json
from sf_insights.transport.paging import PageTrail
from sf_insights.transport.retry import RetryPolicy, TemporaryFailure
from sf_insights.transport.session import new_session
from sf_insights.transport.waits import asked_wait

_SAYS_FIELD = re.compile(r"(?i)invalid.?field|no (such )?field|unknown field")
_RESTARTS = 2
_RENEW_BEFORE_SECONDS = 60.0


class ZuoraAccounts:
    """Reads accounts from a Zuora tenant with one ZOQL query, 2,000 accounts per page."""

    name = "zuora"

    def __init__(
        self,
        credentials: ZuoraCredentials,
        environment: Mapping[str, str],
        *,
        extra: Sequence[str] = (),
        retry: RetryPolicy | None = None,
    ) -> None:
        """Prepare without sending requests. `environment` gives HTTPS_PROXY, NO_PROXY and REQUESTS_CA_BUNDLE."""
        self._credentials = credentials
        self._extra = tuple(extra)
        self._retry = retry or RetryPolicy()
        self._session = new_session(environment, setting="ZUORA_BASE_URL")
        self._token: str | None = None
        self._token_ends = 0.0
        self._api_calls = 0

    @property
    def api_calls(self) -> int:
        """The number of calls to the tenant's API so far, including retries but not logins."""
        return self._api_calls

    def check(self) -> None:
        """See AccountSource. Logs in."""
        self._retry.run(self._current_token)

    def land(self, directory: Path) -> LandedList:
        """See AccountSource. When Zuora drops the query before its end, the query starts again.

        When Zuora refuses an extra column, the query starts again without it.

        Raises:
            ConnectionProblem: Zuora cannot be reached, refuses the request, or sends no accounts.
            IncompleteData: Zuora sends an account twice or fewer accounts than it announced, or drops the query every
                time.
        """
        refused: dict[str, str] = {}
        restarts = 0
        while True:
            extra = [name for name in self._extra if name not in refused]
            try:
                landed = replace(write_pieces(self._pages(extra), directory, extra), refused=refused)
                break
            except _ColumnRefused as column:
                refused[column.name] = column.reason
            except _LocatorLost:
                restarts += 1
                if restarts > _RESTARTS:
                    raise IncompleteData(
                        "Zuora dropped the query of the accounts every time.", "Run again later."
                    ) from None
        if not landed.accounts:
            raise ConnectionProblem(
                "Zuora sent no accounts.", "Check the tenant, and that the OAuth client's user can read accounts."
            )
        if landed.ids.may_repeat and len(repeated := landed.repeated_ids()):
            id_, times = repeated.row(0)
            raise IncompleteData(f"Zuora sent the account {id_} {times} times.", "Run again.")
        return landed

    def _pages(self, extra: Sequence[str]) -> Iterator[pl.DataFrame]:
        columns, schema = (*COLUMNS, *extra), schema_of(extra)
        try:
            page = self._call("/v1/action/query", {"queryString": f"select {', '.join(columns)} from Account"})
        except _QueryRefused as refused:
            raise _column_refused(refused, extra) or refused from None
        trail, arrived = PageTrail("Zuora", "list the accounts"), 0
        with translated_parse_errors("Zuora", "list the accounts"):
            # The reference does not define `size`. Its example of queryMore has 252070 in a page of 2,000, so it counts
            # the whole query. A tenant where it counts the page is not refused either.
            announced = int(page.get("size") or 0)
        while True:
            with translated_parse_errors("Zuora", "list the accounts"):
                rows = [{name: _text(record.get(name)) for name in columns} for record in page.get("records") or []]
                accounts = pl.DataFrame(rows, schema=schema)
            if accounts["Id"].null_count():
                raise IncompleteData("Zuora sent an account without an Id.", "Run again.")
            # A name can contain U+FFFD, and matching finds a CRM Account ID with it invalid.
            if accounts["Id"].str.contains(LOST, literal=True).any():
                raise IncompleteData("Zuora sent an account whose Id has invalid bytes.", "Run again.")
            yield accounts
            arrived += accounts.height
            if page.get("done"):
                if arrived < announced:
                    raise IncompleteData(
                        f"{arrived} accounts arrived from Zuora, but it announced {announced}.",
                        "Run again; nothing was changed.",
                    )
                return
            locator = page.get("queryLocator")
            if not locator:
                raise IncompleteData("Zuora sent no locator for the next page of accounts.", "Run again.")
            following = trail.follow(str(locator), brought=accounts.height, first=accounts["Id"][0] if rows else "")
            page = self._call("/v1/action/queryMore", {"queryLocator": following})

    def _call(self, path: str, body: Mapping[str, str]) -> dict[str, Any]:
        def once() -> dict[str, Any]:
            try:
                return _accepted(self._send(path, body))
            except _TokenRefused:
                self._token = None
            try:
                return _accepted(self._send(path, body))
            except _TokenRefused as refused:
                raise ConnectionProblem(*refused.args) from None

        return self._retry.run(once)

    def _send(self, path: str, body: Mapping[str, str]) -> requests.Response:
        token = self._current_token()
        self._api_calls += 1
        with translated_network_errors("Zuora"):
            return self._session.post(
                self._credentials.base_url + path, json=body, headers={"Authorization": f"Bearer {token}"}
            )

    def _current_token(self) -> str:
        if self._token is None or time.monotonic() >= self._token_ends:
            asked_at = time.monotonic()
            answer = self._log_in()
            with translated_parse_errors("Zuora", "log in"):
                self._token = str(answer["access_token"])
                self._token_ends = asked_at + float(answer.get("expires_in") or 0) - _RENEW_BEFORE_SECONDS
        return self._token

    def _log_in(self) -> dict[str, Any]:
        with translated_network_errors("Zuora"):
            answer = self._session.post(
                f"{self._credentials.base_url}/oauth/token",
                data={
                    "client_id": self._credentials.client_id,
                    "client_secret": self._credentials.client_secret,
                    "grant_type": "client_credentials",
                },
            )
        if answer.status_code >= 400:
            reported = error_in(answer)
            shown = refusal_text(reported.code, reported.message)
            why = f"HTTP {answer.status_code}" + (f", {shown}" if shown else "")
            if zuora_rule(reported.code, reported.message).reaction is Reaction.RETRY:
                raise TemporaryFailure(f"Zuora refused the login ({why})", wait=asked_wait(answer))
            raise AccessRefused(
                f"Zuora refused the login ({why}).",
                "Check ZUORA_CLIENT_ID and ZUORA_CLIENT_SECRET, and that ZUORA_BASE_URL is the same tenant's address.",
            )
        token = read_json(answer)
        if not isinstance(token, dict) or not token.get("access_token"):
            raise TemporaryFailure("Zuora's answer to the login contains no token")
        return token


class _QueryRefused(ConnectionProblem):
    """Zuora refuses a query. `said` is the code and the message."""

    def __init__(self, what: str, remedy: str, said: str) -> None:
        super().__init__(what, remedy)
        self.said = said


class _ColumnRefused(Exception):
    """Zuora refuses to list an extra column."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name)
        self.name = name
        self.reason = reason


class _LocatorLost(Exception):
    """Zuora no longer has the rest of a query; locators expire after 15 minutes."""


class _TokenRefused(Exception):
    """Zuora no longer accepts the token. The arguments describe the problem to raise if a new token is refused too."""


def _accepted(answer: requests.Response) -> dict[str, Any]:
    """Return the body of an answer if its status and its body report success; raise the error otherwise.

    Zuora reports errors with success: false and reasons, even with status 200, or with faultCode and faultMessage.
    """
    try:
        body = read_json(answer, parse_float=str)  # amounts keep their digits
    except TemporaryFailure:
        if answer.status_code < 400:
            raise
        body = {}
    body = body if isinstance(body, dict) else {}
    is_refused = answer.status_code >= 400 or body.get("success") is False or "faultCode" in body
    if not is_refused:
        return body
    reported = error_in_json(body) if body else error_in(answer)
    shown = refusal_text(reported.code, reported.message) or f"HTTP {answer.status_code}"
    if "querylocator" in shown.lower().replace("_", "").replace(" ", ""):
        raise _LocatorLost
    rule = zuora_rule(reported.code, reported.message)
    what = f"Zuora refused to list the accounts ({shown})"
    if answer.status_code == requests.codes.unauthorized or rule.reaction is Reaction.RENEW:
        raise _TokenRefused(
            f"{what}.", "Zuora accepts the login but refuses the new token: check that the OAuth client is active."
        )
    if rule.reaction is Reaction.RETRY:
        raise TemporaryFailure(what, wait=asked_wait(answer))
    raise _QueryRefused(
        f"{what}.", rule.remedy or "Check that the OAuth client's user can read accounts through the API.", shown
    )


def _column_refused(refused: _QueryRefused, extra: Sequence[str]) -> _ColumnRefused | None:
    """Return the extra column that a refusal names; None if it has another reason."""
    if not _SAYS_FIELD.search(refused.said):
        return None
    named = (name for name in extra if re.search(rf"(?i)(?<!\w){name}(?!\w)", refused.said))
    return next((_ColumnRefused(name, f"Zuora refuses to list it ({refused.said})") for name in named), None)


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None or value == "" else str(value)
