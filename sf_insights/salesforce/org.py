"""One connected Salesforce org: login, describe, limits and small queries. account_reader.py reads all Accounts."""

import hashlib
import re
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Self, TypeVar, cast
from urllib.parse import quote_plus, urlsplit
from xml.parsers.expat import ExpatError

import requests
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from sf_insights.domain.fields.api_names import ByApiName, by_name
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.problems import AccessRefused, ConfigurationProblem, ConnectionProblem, IncompleteData
from sf_insights.domain.refusals import API
from sf_insights.domain.salesforce_ids import InvalidSalesforceId, to_18_characters
from sf_insights.salesforce.api_usage import read_api_usage
from sf_insights.salesforce.credentials import Credentials, salesforce_credentials
from sf_insights.salesforce.errors import RequestRefused, SessionRefused, login_refused, raise_for_refusal
from sf_insights.transport.answers import read_json, translated_network_errors, translated_parse_errors
from sf_insights.transport.paging import PageTrail, own_path
from sf_insights.transport.retry import ONCE_MORE, RetryPolicy, TemporaryFailure
from sf_insights.transport.session import new_session

T = TypeVar("T")

DEFAULT_API_VERSION = "62.0"
LOCATOR_LOST = frozenset({"INVALID_QUERY_LOCATOR", "QUERY_LOCATOR_EXPIRED", "INVALID_QUERY_LOCATOR_FORMAT"})

_QUERY_RESTARTS = 2
_MOST_TOKENS_PER_REQUEST = 3
_LONGEST_ADDRESS = 15_000


@dataclass
class _Token:
    """One access token. `worked` is true once a request was accepted with it, and always for the first token."""

    text: str
    instance: str
    worked: bool


class SalesforceOrg:
    """A connected org: a context manager that logs in on entry.

    It sends its own requests, because simple-salesforce's methods do not retry, lose headers when they renew a session,
    and in SFType renew a session that stays refused for ever.
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
        """Prepare without sending requests. `environment` gives HTTPS_PROXY, NO_PROXY and REQUESTS_CA_BUNDLE."""
        if not re.fullmatch(r"\d{2}\.0", api_version):
            raise ConfigurationProblem(
                "SALESFORCE_API_VERSION is not a version of Salesforce's API.",
                f"Set a version such as {DEFAULT_API_VERSION}.",
            )
        self.credentials = credentials
        self.endpoint = endpoint
        self.api_version = api_version
        self.retry = retry or RetryPolicy()
        self._session = new_session(environment, setting=credentials.address_variable, endpoint=endpoint, rules=API)
        self._lock = threading.Lock()
        self._token: _Token | None = None
        self._api_calls = 0
        self._api_usage: tuple[int, int] | None = None
        self._org_id: str | None = None
        self._clock: tuple[datetime, float] | None = None  # Salesforce's time, and our monotonic clock at that time

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], *, retry: RetryPolicy | None = None) -> Self:
        """Return the org that the SALESFORCE_* variables describe.

        Raises:
            ConfigurationProblem: they are incomplete or invalid.
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

        Session ids and opaque OAuth tokens start with it ("00D..."), followed by "!". For other tokens, such as
        JWT-based ones, it is read from the Organization record: simple-salesforce drops the `id` address of the OAuth
        answer, and userinfo needs a scope that the connected app may lack.
        """
        if self._org_id is None:
            start, mark, _ = self._logged_in().text.partition("!")
            if not (mark and re.fullmatch(r"00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?", start)):
                found = self._organization()
                with translated_parse_errors("Salesforce", "name the org"):
                    start = str(found[0]["Id"])
            try:
                self._org_id = to_18_characters(start[:15])
            except InvalidSalesforceId:
                raise ConnectionProblem("Salesforce sent an invalid id for the org.", "Run again.") from None
        return self._org_id

    def _organization(self) -> list[dict[str, Any]]:
        try:
            return list(self.query("SELECT Id FROM Organization"))
        except RequestRefused as refused:
            raise refused.with_remedy(
                "Give the integration user View Setup and Configuration, or log in with client credentials."
            ) from None

    @property
    def instance_url(self) -> str:
        """The org's own address, such as https://acme.my.salesforce.com."""
        return self._logged_in().instance

    @property
    def user(self) -> str:
        """A short hash of the user's identity."""
        return hashlib.sha256(self.credentials.identity.encode()).hexdigest()[:16]

    @property
    def clock(self) -> datetime | None:
        """The present time on Salesforce's clock, from the Date header of its last answer; None if it is unknown."""
        if self._clock is None:
            return None
        told, at = self._clock
        return told + timedelta(seconds=time.monotonic() - at)

    def user_id(self) -> str:
        """Return the 18-character id of the logged-in user.

        For every login method, it is the end of the address `identity` in the list of resources.

        Raises:
            ConnectionProblem: Salesforce does not give it.
        """
        answer: Any = self.call("GET", f"/services/data/v{self.api_version}", doing="identify the logged-in user")
        with translated_parse_errors("Salesforce", "identify the logged-in user"):
            return to_18_characters(urlsplit(answer["identity"]).path.rsplit("/", 1)[-1])

    @property
    def api_calls(self) -> int:
        """The number of calls to the org's API so far, including retries but not logins."""
        return self._api_calls

    @property
    def api_usage(self) -> tuple[int, int] | None:
        """API calls used and allowed in 24 hours, from the last answer; None before the first."""
        return self._api_usage

    def describe(self, object_name: str) -> dict[str, Any]:
        """Return the describe of an object; `fields` contains the fields that the user can see."""
        path = f"sobjects/{object_name}/describe"
        return cast(dict[str, Any], self.call("GET", path, doing=f"describe {object_name}"))

    def account_fields(self) -> ByApiName[AccountField]:
        """Return the fields of Account that the user can see, by API name in the org's present spelling."""
        described = self.describe("Account")
        with translated_parse_errors("Salesforce", "describe Account"):
            return by_name([AccountField.from_describe(entry) for entry in described["fields"]])

    def limits(self) -> dict[str, Any]:
        """Return the org's limits, each name with {"Max", "Remaining"}.

        Raises:
            RequestRefused: the user lacks View Setup and Configuration.
        """
        return cast(dict[str, Any], self.call("GET", "limits", doing="read the org's limits"))

    def record_count(self) -> int | None:
        """Return the approximate number of live Accounts in the org, visible or not; None if Salesforce does not say.

        Raises:
            ConnectionProblem: Salesforce cannot answer. Callers must not fail a sync for this number.
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
        with translated_parse_errors("Salesforce", "count the org's Accounts"):
            counts = [entry["count"] for entry in answer.get("sObjects", []) if entry.get("name") == "Account"]
            return int(counts[0]) if counts else None

    def visible_accounts(self) -> int:
        """Return the number of live Accounts that the user sees.

        Raises:
            ConnectionProblem: Salesforce cannot count them, for example because there are too many for one request.
        """
        answer: Any = self.call("GET", "query", params={"q": "SELECT count() FROM Account"}, doing="count the Accounts")
        with translated_parse_errors("Salesforce", "count the Accounts"):
            return int(answer["totalSize"])

    def api_versions(self) -> list[str]:
        """Return the API versions that the org serves, such as "62.0", oldest first."""
        answer: Any = self.call("GET", "/services/data", doing="list its API versions")
        with translated_parse_errors("Salesforce", "list its API versions"):
            return sorted((str(entry["version"]) for entry in answer), key=float)

    def query(self, soql: str, *, include_deleted: bool = False) -> Iterator[dict[str, Any]]:
        """Yield the records of a small query, which are held in memory.

        A locator belongs to the session that opened it, so a query that loses its locator starts again.
        """
        for restarts_left in reversed(range(_QUERY_RESTARTS + 1)):
            try:
                records = []
                for page in self.query_pages(soql, include_deleted):
                    with translated_parse_errors("Salesforce", "query"):
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
        """Yield the JSON answers of a REST query, each with up to 2,000 records.

        Raises:
            IncompleteData: the pages form a loop, or contain more records than Salesforce announced.
        """
        path = "queryAll" if include_deleted else "query"
        if len(f"{self.instance_url}/services/data/v{self.api_version}/{path}?q={quote_plus(soql)}") > _LONGEST_ADDRESS:
            raise ConnectionProblem(
                "The query has more fields than fit into a request of the REST API.",
                "Select fewer fields, or make the Bulk API available to the integration user.",
            )
        named = re.search(r"(?i)\bFROM\s+(\w+)", soql)
        doing = f"query {named[1]}" if named else "query"
        page = self.call("GET", path, params={"q": soql}, doing=doing, read=read)
        trail, records = PageTrail("Salesforce", doing), 0
        while True:
            yield page
            with translated_parse_errors("Salesforce", doing):
                if page.get("done", True):
                    return
                brought = len(page["records"])
                records += brought
                following = own_path(page["nextRecordsUrl"])
                announced = int(page.get("totalSize", records))
            if records > announced:
                raise IncompleteData(
                    f"Salesforce announced {announced} records, but sent {records} and more follow.", "Run again."
                )
            page = self.call("GET", trail.follow(following, brought=brought), doing=doing, read=read)

    def call(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        upload: Path | None = None,
        headers: Mapping[str, str] | None = None,
        read: Callable[[requests.Response], T] = read_json,
        repeat_when_unsure: bool = True,
        stopped: threading.Event | None = None,
        retry: RetryPolicy | None = None,
    ) -> T:
        """Send one request and return the result of `read`, which gets the answer before its body is read.

        `path` is relative to /services/data/vXX.X/ unless it begins with "/". The request sends `body` as JSON, or the
        content of the file `upload`. After a temporary failure, the request
        and its reading are repeated together by the org's retry policy or `retry`. See RetryPolicy.run for
        `repeat_when_unsure` and `stopped`. `doing` completes the sentence "Salesforce refused to ...".

        Raises:
            RequestRefused: Salesforce refused, and retrying does not help.
            ConnectionProblem: all retries failed, or Salesforce refuses the session.
        """
        if not path.startswith("/"):
            path = f"/services/data/v{self.api_version}/{path}"

        def once() -> T:
            for _ in range(_MOST_TOKENS_PER_REQUEST):
                token = self._logged_in()
                with (
                    translated_network_errors("Salesforce"),
                    self._request(token, method, path, params, body, upload, headers) as answer,
                ):
                    try:
                        raise_for_refusal(answer, doing)
                    except SessionRefused:
                        is_accepted = False
                    except (TemporaryFailure, RequestRefused):
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
        upload: Path | None,
        headers: Mapping[str, str] | None,
    ) -> requests.Response:
        with self._lock:
            self._api_calls += 1
        with upload.open("rb") if upload else nullcontext() as data:
            answer = self._session.request(
                method,
                token.instance + path,
                params=params,
                json=body,
                data=data,
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
            raise RuntimeError("SalesforceOrg must be used in a with statement")
        return self._token

    def _renew(self, refused: _Token) -> None:
        """Log in again, only once per token even when several threads found it refused.

        The login itself is not retried here: after a temporary failure, it is repeated with the request that needs it.
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
                "The Salesforce session has expired, and this login method cannot renew it.",
                "Set a new SALESFORCE_ACCESS_TOKEN, or set up client credentials, which can log in again.",
            )
        return ConnectionProblem(
            "Salesforce accepts the login but refuses the new session.",
            "Check the session policies and IP ranges of the connected app and of the user's profile.",
        )

    def _log_in(self) -> _Token:
        return self.retry.run(self._log_in_once)

    def _log_in_once(self) -> _Token:
        try:
            # simple-salesforce's warning about an app that is not pre-authorized contains the consumer key.
            with translated_network_errors("Salesforce"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    login = self.credentials.login(self._session, self.api_version)
                except SalesforceAuthenticationFailed as refusal:
                    raise login_refused(refusal) from None
                except (AttributeError, LookupError, TypeError, ValueError, RecursionError, ExpatError):
                    raise TemporaryFailure("Salesforce's answer to the login has an unexpected form") from None
        except TemporaryFailure as trouble:
            trouble.may_be_done = False  # the request that needs this login was not sent
            raise
        return _Token(login.token, f"https://{login.instance.rstrip('/')}", worked=False)
