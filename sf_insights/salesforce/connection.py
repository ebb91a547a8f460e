"""A connection to one Salesforce org: log in, send requests, retry them, and renew the session."""

import hashlib
import re
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Self, TypeVar
from xml.parsers.expat import ExpatError

import requests
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from sf_insights.domain.problems import AccessRefused, ConfigurationProblem, ConnectionProblem
from sf_insights.domain.refusals import API
from sf_insights.salesforce.credentials import Credentials, salesforce_credentials
from sf_insights.salesforce.errors import RequestRefused, SessionRefused, login_refused, raise_for_refusal
from sf_insights.transport.answers import read_json, translated_network_errors
from sf_insights.transport.retry import RetryPolicy, TemporaryFailure
from sf_insights.transport.session import new_session

T = TypeVar("T")

DEFAULT_API_VERSION = "62.0"
_MOST_TOKENS_PER_REQUEST = 3


@dataclass
class _Token:
    """One access token. `worked` is true once a request was accepted with it, and always for the first token."""

    text: str
    instance: str
    worked: bool


class OrgConnection:
    """A context manager that logs in on entry.

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

    @property
    def api_calls(self) -> int:
        """The number of calls to the org's API so far, including retries but not logins."""
        return self._api_calls

    @property
    def api_usage(self) -> tuple[int, int] | None:
        """API calls used and allowed in 24 hours, from the last answer; None before the first."""
        return self._api_usage

    def call(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        object_name: str = "Account",
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
        `repeat_when_unsure` and `stopped`. `doing` completes the sentence "Salesforce refused to ...", and
        `object_name` is the object whose permissions the remedy names.

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
                        raise_for_refusal(answer, doing, object_name)
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


def read_api_usage(limit_info: str) -> tuple[int, int] | None:
    """Return used and allowed API calls from a Sforce-Limit-Info header such as "api-usage=18/5000"."""
    found = re.search(r"(?<![\w-])api-usage=(\d+)/(\d+)", limit_info)
    return (int(found[1]), int(found[2])) if found else None
