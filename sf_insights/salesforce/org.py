"""One connected Salesforce org: login, describe, limits and small queries. Bulk extraction is in bulk.py."""

import hashlib
import re
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Self, TypeVar, cast
from urllib.parse import quote_plus, urlsplit
from xml.parsers.expat import ExpatError

import requests
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from sf_insights.domain.fields.api_names import ByApiName, by_name
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.problems import AccessRefused, ConfigurationProblem, ConnectionProblem, IncompleteSnapshot
from sf_insights.domain.salesforce_ids import InvalidSalesforceId, to_18_characters
from sf_insights.salesforce.credentials import Credentials, salesforce_credentials
from sf_insights.salesforce.errors import RequestRefused, SessionRefused, login_refused, raise_for_refusal
from sf_insights.transport.answers import network_troubles, read_json, understood
from sf_insights.transport.paging import Way, own_path
from sf_insights.transport.retry import ONCE_MORE, PassingTrouble, RetryPolicy
from sf_insights.transport.session import new_session

T = TypeVar("T")

DEFAULT_API_VERSION = "62.0"
LOCATOR_LOST = frozenset({"INVALID_QUERY_LOCATOR", "QUERY_LOCATOR_EXPIRED", "INVALID_QUERY_LOCATOR_FORMAT"})

_QUERY_RESTARTS = 2
_MOST_TOKENS_PER_REQUEST = 3
_LONGEST_ADDRESS = 15_000


@dataclass
class _Token:
    """One access token; `worked` is whether a request was accepted with it, or it is the first one."""

    text: str
    instance: str
    worked: bool


class SalesforceOrg:
    """A connected org: a context manager that logs in on entry.

    Requests are made here and not by simple-salesforce's own methods: those have no retries, lose headers when a
    session is renewed, and SFType's never stop renewing a session that stays refused.
    """

    def __init__(
        self,
        credentials: Credentials,
        environment: Mapping[str, str],
        *,
        endpoint: str | None = None,
        api_version: str = DEFAULT_API_VERSION,
        retry: RetryPolicy | None = None,
    ) -> None:
        """Prepare; nothing is sent. `environment` gives HTTPS_PROXY, NO_PROXY and REQUESTS_CA_BUNDLE."""
        if not re.fullmatch(r"\d{2}\.0", api_version):
            raise ConfigurationProblem(
                "SALESFORCE_API_VERSION is not a version of Salesforce's API.", f"Write it as in {DEFAULT_API_VERSION}."
            )
        self.credentials = credentials
        self.endpoint = endpoint
        self.api_version = api_version
        self.retry = retry or RetryPolicy()
        self._session = new_session(environment, setting=credentials.address_variable, endpoint=endpoint)
        self._lock = threading.Lock()
        self._token: _Token | None = None
        self._api_calls = 0
        self._api_usage: tuple[int, int] | None = None
        self._org_id: str | None = None
        self._clock: tuple[datetime, float] | None = None  # what Salesforce told, and our monotonic clock then

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], *, retry: RetryPolicy | None = None) -> Self:
        """Return the org that the SALESFORCE_* variables describe.

        Raises:
            ConfigurationProblem: they are incomplete or hold something that cannot be.
        """
        return cls(
            salesforce_credentials(environment),
            environment,
            endpoint=environment.get("SALESFORCE_ENDPOINT") or None,
            api_version=environment.get("SALESFORCE_API_VERSION") or DEFAULT_API_VERSION,
            retry=retry,
        )

    def __enter__(self) -> Self:
        self._token = self._log_in()
        self._token.worked = True
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    @property
    def org_id(self) -> str:
        """The org's 18-character id.

        Session ids and opaque OAuth tokens begin with it ("00D..."), before a "!"; for other tokens, such as
        JWT-based ones, the Organization record is asked. The `id` address of the OAuth answer is not kept by
        simple-salesforce, and userinfo needs a scope that a connected app may lack.
        """
        if self._org_id is None:
            start, mark, _ = self._logged_in().text.partition("!")
            if not (mark and re.fullmatch(r"00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?", start)):
                found = self._organization()
                with understood("Salesforce", "name the org"):
                    start = str(found[0]["Id"])
            try:
                self._org_id = to_18_characters(start[:15])
            except InvalidSalesforceId:
                raise ConnectionProblem("Salesforce names the org by something that is no id.", "Run again.") from None
        return self._org_id

    def _organization(self) -> list[dict[str, Any]]:
        try:
            return list(self.query("SELECT Id FROM Organization"))
        except RequestRefused as refused:
            raise refused.with_remedy(
                "Give the integration user View Setup and Configuration, or log in by client credentials."
            ) from None

    @property
    def instance_url(self) -> str:
        """The org's own address, such as https://acme.my.salesforce.com."""
        return self._logged_in().instance

    @property
    def user(self) -> str:
        """A short text that is the same for the same user, without telling who it is."""
        return hashlib.sha256(self.credentials.identity.encode()).hexdigest()[:16]

    @property
    def clock(self) -> datetime | None:
        """What time it is for Salesforce, by the Date of its last answer; None when no answer told it."""
        if self._clock is None:
            return None
        told, at = self._clock
        return told + timedelta(seconds=time.monotonic() - at)

    def user_id(self) -> str:
        """Return the 18-character id of the user that is logged in.

        It ends the address `identity` in the list of resources, whichever way the login was made.

        Raises:
            ConnectionProblem: Salesforce does not say.
        """
        answer: Any = self.call("GET", f"/services/data/v{self.api_version}", doing="say who is logged in")
        with understood("Salesforce", "say who is logged in"):
            return to_18_characters(urlsplit(answer["identity"]).path.rsplit("/", 1)[-1])

    @property
    def api_calls(self) -> int:
        """How many calls to the org's API were made so far, retries included and logins not."""
        return self._api_calls

    @property
    def api_usage(self) -> tuple[int, int] | None:
        """API calls used and allowed in 24 hours, as the last answer said; None before the first."""
        return self._api_usage

    def describe_account(self) -> dict[str, Any]:
        """Return the describe of Account: `fields` holds those that the user may see."""
        return cast(dict[str, Any], self.call("GET", "sobjects/Account/describe", doing="describe Account"))

    def account_fields(self) -> ByApiName[AccountField]:
        """Return the fields of Account that the user may see, by API name as the org spells it now."""
        described = self.describe_account()
        with understood("Salesforce", "describe Account"):
            return by_name([AccountField.from_describe(entry) for entry in described["fields"]])

    def limits(self) -> dict[str, Any]:
        """Return the org's limits: name to {"Max", "Remaining"}.

        Raises:
            RequestRefused: the user lacks View Setup and Configuration.
        """
        return cast(dict[str, Any], self.call("GET", "limits", doing="read the org's limits"))

    def record_count(self) -> int | None:
        """Return about how many live Accounts the org holds, whoever asks; None when it does not say.

        Raises:
            ConnectionProblem: Salesforce cannot answer. The number only advises: no sync may fail for it.
        """
        try:
            answer: Any = self.call(
                "GET",
                "limits/recordCount",
                params={"sObjects": "Account"},
                doing="count the org's Accounts",
                retry=ONCE_MORE,
            )
        except RequestRefused as refused:
            if refused.status in (403, 404):
                return None
            raise
        with understood("Salesforce", "count the org's Accounts"):
            counts = [entry["count"] for entry in answer.get("sObjects", []) if entry.get("name") == "Account"]
            return int(counts[0]) if counts else None

    def visible_accounts(self) -> int:
        """Return how many live Accounts the user sees.

        Raises:
            ConnectionProblem: Salesforce cannot count them, as in an org too large for one request.
        """
        answer: Any = self.call("GET", "query", params={"q": "SELECT count() FROM Account"}, doing="count the Accounts")
        with understood("Salesforce", "count the Accounts"):
            return int(answer["totalSize"])

    def api_versions(self) -> list[str]:
        """Return the API versions that the org serves, such as "62.0", oldest first."""
        answer: Any = self.call("GET", "/services/data", doing="list its API versions")
        with understood("Salesforce", "list its API versions"):
            return sorted((str(entry["version"]) for entry in answer), key=float)

    def query(self, soql: str, *, include_deleted: bool = False) -> Iterator[dict[str, Any]]:
        """Yield the records of a small query, which are held in memory.

        A locator belongs to the session that opened it, so a query whose locator is lost is asked again from the
        start and never continued.
        """
        for restarts_left in reversed(range(_QUERY_RESTARTS + 1)):
            try:
                records = []
                for page in self.query_pages(soql, include_deleted):
                    with understood("Salesforce", "query"):
                        records += [{**record} for record in page.get("records", [])]
            except RequestRefused as refused:
                if refused.code not in LOCATOR_LOST or not restarts_left:
                    raise
            else:
                yield from records
                return

    def query_pages(
        self, soql: str, include_deleted: bool, read: Callable[[requests.Response], Any] = read_json
    ) -> Iterator[dict[str, Any]]:
        """Yield the JSON answers of a REST query, one of up to 2,000 records after the other.

        Raises:
            IncompleteSnapshot: the pages lead in a circle, or hold more records than Salesforce announced.
        """
        path = "queryAll" if include_deleted else "query"
        if len(f"{self.instance_url}/services/data/v{self.api_version}/{path}?q={quote_plus(soql)}") > _LONGEST_ADDRESS:
            raise ConnectionProblem(
                "The query names more fields than fit into a request of the REST API.",
                "Select fewer fields, or make the Bulk API available to the integration user.",
            )
        named = re.search(r"(?i)\bFROM\s+(\w+)", soql)
        doing = f"query {named[1]}" if named else "query"
        page = self.call("GET", path, params={"q": soql}, doing=doing, read=read)
        way, records = Way("Salesforce", doing), 0
        while True:
            yield page
            with understood("Salesforce", doing):
                if page.get("done", True):
                    return
                brought = len(page["records"])
                records += brought
                following = own_path(page["nextRecordsUrl"])
                announced = int(page.get("totalSize", records))
            if records > announced:
                raise IncompleteSnapshot(
                    f"Salesforce announced {announced} records, sent {records} and goes on.", "Run again."
                )
            page = self.call("GET", way.on(following, brought=brought), doing=doing, read=read)

    def call(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        read: Callable[[requests.Response], T] = read_json,
        repeat_when_unsure: bool = True,
        stopped: threading.Event | None = None,
        retry: RetryPolicy | None = None,
    ) -> T:
        """Send one request and return what `read` makes of the answer, which it gets unread.

        `path` is below /services/data/vXX.X/, or begins with "/". The request and its reading are repeated together
        when the trouble may pass, by the org's policy or by `retry`; see RetryPolicy.run for `repeat_when_unsure` and
        `stopped`. `doing` completes the sentence "Salesforce refused to ...".

        Raises:
            RequestRefused: Salesforce refused for good.
            ConnectionProblem: the network or the session failed for good.
        """
        if not path.startswith("/"):
            path = f"/services/data/v{self.api_version}/{path}"

        def once() -> T:
            for _ in range(_MOST_TOKENS_PER_REQUEST):
                token = self._logged_in()
                with (
                    network_troubles("Salesforce"),
                    self._request(token, method, path, params, body, headers) as answer,
                ):
                    try:
                        raise_for_refusal(answer, doing)
                    except SessionRefused:
                        is_accepted = False
                    except (PassingTrouble, RequestRefused):
                        token.worked = True
                        raise
                    else:
                        is_accepted = token.worked = True
                    if is_accepted:
                        return read(answer)
                self._renew(token)
            raise self._session_refused()

        return (retry or self.retry).run(once, repeat_when_unsure=repeat_when_unsure, stopped=stopped)

    def _request(
        self,
        token: _Token,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
    ) -> requests.Response:
        with self._lock:
            self._api_calls += 1
        answer = self._session.request(
            method,
            token.instance + path,
            params=params,
            json=body,
            headers={
                "Authorization": f"Bearer {token.text}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "Sforce-Call-Options": "client=sf_insights",
                **(headers or {}),
            },
            stream=True,
        )
        usage = read_api_usage(answer.headers.get("Sforce-Limit-Info", ""))
        if usage is not None:
            self._api_usage = usage
        with suppress(KeyError, TypeError, ValueError):
            self._clock = parsedate_to_datetime(answer.headers["Date"]), time.monotonic()
        return answer

    def _logged_in(self) -> _Token:
        if self._token is None:
            raise RuntimeError("SalesforceOrg is used in a with statement")
        return self._token

    def _renew(self, refused: _Token) -> None:
        """Log in again, once for each token however many threads found it refused.

        A login that meets passing trouble is repeated with the request that needs it, so that one wait serves both.
        """
        with self._lock:
            if self._token is not refused:
                return
            if not self.credentials.renewable or not refused.worked:
                raise self._session_refused()
            self._token = self._log_in_once()

    def _session_refused(self) -> ConnectionProblem:
        if not self.credentials.renewable:
            return AccessRefused(
                "The Salesforce session has expired and this way to log in cannot renew it.",
                "Set a new SALESFORCE_ACCESS_TOKEN, or set up client credentials, which renew themselves.",
            )
        return ConnectionProblem(
            "Salesforce accepts the login but refuses the session that comes of it.",
            "Check the session policies and IP ranges of the connected app and of the user's profile.",
        )

    def _log_in(self) -> _Token:
        return self.retry.run(self._log_in_once)

    def _log_in_once(self) -> _Token:
        try:
            # simple-salesforce warns with the consumer key in the text when an app is not pre-authorized.
            with network_troubles("Salesforce"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    login = self.credentials.login(self._session, self.api_version)
                except SalesforceAuthenticationFailed as refusal:
                    raise login_refused(refusal) from None
                except (AttributeError, LookupError, TypeError, ValueError, RecursionError, ExpatError):
                    raise PassingTrouble("Salesforce's login answered in a form that is none of its own") from None
        except PassingTrouble as trouble:
            trouble.may_be_done = False  # the request that the login is for was not carried out
            raise
        return _Token(login.token, f"https://{login.instance.rstrip('/')}", worked=False)


def read_api_usage(limit_info: str) -> tuple[int, int] | None:
    """Return used and allowed API calls from a Sforce-Limit-Info header such as "api-usage=18/5000"."""
    found = re.search(r"(?<![\w-])api-usage=(\d+)/(\d+)", limit_info)
    return (int(found[1]), int(found[2])) if found else None
