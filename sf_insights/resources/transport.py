"""HTTP as this project uses it: time-outs on every call, one policy of retrying, and where requests may go."""

import ipaddress
import json
import random
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import requests
import tenacity
from requests.adapters import HTTPAdapter
from requests.models import REDIRECT_STATI
from urllib3.exceptions import MaxRetryError, NewConnectionError

from sf_insights.domain.encodings import declared_encoding, decoded, is_damaged, replaced
from sf_insights.domain.problems import ConfigurationProblem, ConnectionProblem, Problem
from sf_insights.resources.open_transactions import refuse_inside_transaction
from sf_insights.resources.stopping import pause

T = TypeVar("T")

CONNECT_SECONDS = 10.0
READ_SECONDS = 120.0
CONNECTIONS = 16

# Halves of the pairs that JSON escapes beyond \uFFFF: nothing but JSON can hold one without the other.
_HALF_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")

# Edges of Salesforce and Zuora answer these without having done anything.
_NOT_DONE = frozenset({406, 420, 429, 503})


class PassingTrouble(Exception):
    """A failure that may be gone at the next try.

    `wait` is how many seconds the server asked for, if it did; `may_be_done` is false when the request is known not to
    have been carried out; `remedy` is what a person can do when it does not pass.
    """

    def __init__(
        self, what: str, *, wait: float | None = None, may_be_done: bool = True, remedy: str = "Try again later."
    ) -> None:
        super().__init__(what)
        self.remedy = remedy
        self.wait = wait
        self.may_be_done = may_be_done

    def lasting(self, tries: int) -> Problem:
        """Return the problem that this trouble is when it was still there at the last try."""
        return ConnectionProblem(f"{self} (tries: {tries}).", self.remedy)


class Moved(ConnectionProblem):
    """The server sends a request on to another address. None follows: it would carry secrets to another host."""


class OutcomeUnknown(ConnectionProblem):
    """A request that must not be sent twice broke off after it may have been carried out."""


@dataclass(frozen=True)
class RetryPolicy:
    """How often a passing trouble is met again: `tries` in all, waits in seconds, doubling, with jitter."""

    tries: int = 5
    first_wait: float = 1.0
    longest_wait: float = 60.0

    def run(
        self, call: Callable[[], T], *, repeat_when_unsure: bool = True, stopped: threading.Event | None = None
    ) -> T:
        """Return what `call` returns, trying again after each PassingTrouble.

        With `repeat_when_unsure` false a call that may have been carried out is not made again. `stopped` ends the
        waiting between two tries.

        Raises:
            OutcomeUnknown: the call may or may not have been carried out.
            Problem: the last try failed as well; a ConnectionProblem unless the trouble says otherwise.
        """

        def is_worth_another_try(error: BaseException) -> bool:
            if stopped is not None and stopped.is_set():
                return False
            return isinstance(error, PassingTrouble) and (repeat_when_unsure or not error.may_be_done)

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.tries),
            wait=self._wait,
            retry=tenacity.retry_if_exception(is_worth_another_try),
            sleep=pause if stopped is None else tenacity.sleep_using_event(stopped),
            reraise=True,
        )
        try:
            return retrying(call)
        except PassingTrouble as trouble:
            if trouble.may_be_done and not repeat_when_unsure:
                raise OutcomeUnknown(f"{trouble}; whether the request was carried out is unknown.") from None
            raise trouble.lasting(retrying.statistics["attempt_number"]) from None

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        if isinstance(error, PassingTrouble) and error.wait is not None:
            return min(error.wait, self.longest_wait)
        doubled: float = self.first_wait * 2 ** (state.attempt_number - 1)
        return min(doubled, self.longest_wait) * random.uniform(0.5, 1.0)  # noqa: S311


# For a person who waits at a terminal or a page, and for what a sync can do without.
ONCE_MORE = RetryPolicy(tries=2, first_wait=0.5)


def new_session(
    environment: Mapping[str, str], *, setting: str = "the address", endpoint: str | None = None
) -> requests.Session:
    """Return a session with time-outs on every call, which follows no redirect.

    `setting` names the variable that holds the address, for the message about a redirect; with `endpoint`, every
    request goes to that base address. HTTPS_PROXY, NO_PROXY and REQUESTS_CA_BUNDLE are taken from `environment`;
    loopback never goes through a proxy.

    Raises:
        ConfigurationProblem: `endpoint` is not a loopback address, or REQUESTS_CA_BUNDLE names nothing.
    """
    bundle = environment.get("REQUESTS_CA_BUNDLE")
    if bundle and not Path(bundle).exists():
        raise ConfigurationProblem(
            f"REQUESTS_CA_BUNDLE names {bundle}, which does not exist.", "Correct the path, or remove the variable."
        )
    session = requests.Session()
    # A ~/.netrc would replace the Authorization header, so the environment is read here and not by requests.
    session.trust_env = False
    proxy = environment.get("HTTPS_PROXY") or environment.get("https_proxy")
    if proxy:
        session.proxies = {"https": proxy}
    session.verify = bundle or True
    no_proxy = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    gate = _Gate(setting=setting, endpoint=loopback_endpoint(endpoint) if endpoint else None, no_proxy=no_proxy)
    session.mount("https://", gate)
    session.mount("http://", gate)
    return session


def loopback_endpoint(endpoint: str) -> tuple[str, str]:
    """Return scheme and network location of SALESFORCE_ENDPOINT.

    Raises:
        ConfigurationProblem: it is not a base address on this machine; credentials would leave it.
    """
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    is_base = parts.path in ("", "/") and not parts.query and not parts.fragment
    if parts.scheme not in ("http", "https") or not is_loopback(host) or not is_base:
        raise ConfigurationProblem(
            "SALESFORCE_ENDPOINT sends every Salesforce request, credentials included, to another server, so it may "
            "only be a base address on this machine.",
            "Write something like http://127.0.0.1:8080, or remove it to reach the real org.",
        )
    name = f"[{host}]" if ":" in host else host
    return parts.scheme, name if port is None else f"{name}:{port}"


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address means this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def network_troubles(who: str) -> Iterator[None]:
    """Turn what requests raises while talking to `who` into PassingTrouble, or ConnectionProblem when it will stay.

    The originals are cut off: their texts hold whole addresses, and with them SOQL.
    """
    try:
        yield
    except requests.exceptions.SSLError as error:
        if "certificate" in str(error).lower():
            raise ConnectionProblem(
                f"The certificate that {who} shows is not trusted.",
                "If a proxy opens the traffic here, point REQUESTS_CA_BUNDLE to a file that includes its certificate.",
            ) from None
        raise PassingTrouble(f"The encrypted connection to {who} broke off") from None
    except requests.exceptions.ProxyError:
        raise PassingTrouble(f"The proxy in HTTPS_PROXY did not lead to {who}", may_be_done=False) from None
    except requests.ConnectTimeout:
        raise PassingTrouble(f"{who} could not be reached within {CONNECT_SECONDS:.0f} s", may_be_done=False) from None
    except requests.Timeout:
        raise PassingTrouble(f"{who} did not answer within {READ_SECONDS:.0f} s") from None
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
        raise PassingTrouble(f"An answer of {who} broke off half-way") from None
    except requests.ConnectionError as error:
        if _was_never_connected(error):
            host = urlsplit(error.request.url or "").netloc if error.request is not None else ""
            variable = "ZUORA_BASE_URL" if who == "Zuora" else "SALESFORCE_DOMAIN or SALESFORCE_ENDPOINT"
            raise PassingTrouble(
                f"{who} cannot be reached" + (f" at {host}" if host else ""),
                may_be_done=False,
                remedy=f"Look at {variable}, the network and HTTPS_PROXY.",
            ) from None
        raise PassingTrouble(f"The connection to {who} broke off") from None
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidProxyURL):
        raise ConfigurationProblem(
            f"The address of {who}, or of the proxy, is not an address.",
            "Look at SALESFORCE_DOMAIN, SALESFORCE_INSTANCE_URL, ZUORA_BASE_URL and HTTPS_PROXY.",
        ) from None
    except requests.RequestException as error:
        raise ConnectionProblem(f"A request to {who} failed ({type(error).__name__}).", "Try again later.") from None


@contextmanager
def understood(who: str, doing: str) -> Iterator[None]:
    """Within it an answer is taken apart; one that has another form than the API's is a problem and no accident.

    Raises:
        ConnectionProblem: the answer lacks something, or holds something else than it should.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError):
        raise ConnectionProblem(
            f"{who} was asked to {doing} and answered in a form that is none of its own.",
            "Look at what stands between here and there, such as a proxy, and run again.",
        ) from None


def read_json(response: requests.Response, *, keeps_damage: bool = False, **options: Any) -> Any:
    """Return the body as JSON, read with the options of json.loads; None for the empty answer of 204.

    Bytes that are not text, and half a surrogate pair, as where a text was cut, are U+FFFD: no file and no database
    could hold them. With `keeps_damage` they are lone surrogates, for a caller that says where they were.

    Raises:
        PassingTrouble: the body is something else, as from a maintenance page or a proxy.
    """
    if response.status_code == requests.codes.no_content:
        return None
    content = response.content
    try:
        text = decoded(content, declared_encoding(response.headers.get("Content-Type", ""), content[:4]))
        value = json.loads(text.removeprefix("\ufeff"), **options)
        may_be_damaged = _HALF_ESCAPED.search(content) or is_damaged(text)
        return _with_whole_characters(value) if may_be_damaged and not keeps_damage else value
    except (ValueError, RecursionError):  # also numbers of thousands of digits, and brackets without end
        raise PassingTrouble(f"The server answered {response.status_code} with a body that is not JSON") from None


def _with_whole_characters(value: Any) -> Any:
    if isinstance(value, str):
        return replaced(value)
    if isinstance(value, list):
        return [_with_whole_characters(item) for item in value]
    if isinstance(value, dict):
        return {_with_whole_characters(key): _with_whole_characters(item) for key, item in value.items()}
    return value


class _Gate(HTTPAdapter):
    """Where every request passes: sets time-outs, leads to the endpoint, raises on redirects and passing statuses."""

    def __init__(self, *, setting: str, endpoint: tuple[str, str] | None, no_proxy: str) -> None:
        super().__init__(pool_connections=CONNECTIONS, pool_maxsize=CONNECTIONS)
        self._setting = setting
        self._endpoint = endpoint
        self._no_proxy = no_proxy

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        asked = parts.hostname or ""
        if self._endpoint is not None:
            parts = parts._replace(scheme=self._endpoint[0], netloc=self._endpoint[1])
            request.url = urlunsplit(parts)
        host = parts.hostname or ""
        refuse_inside_transaction(host)
        if is_loopback(host) or _is_listed(host, self._no_proxy):
            options["proxies"] = {}
        options["timeout"] = options.get("timeout") or (CONNECT_SECONDS, READ_SECONDS)
        response = super().send(request, *args, **options)
        if response.status_code in REDIRECT_STATI:
            response.close()
            raise _moved(asked, response.headers.get("Location", ""), self._setting)
        if _is_passing(response):
            response.close()
            raise PassingTrouble(
                f"{host} answered {response.status_code}",
                wait=_asked_wait(response),
                may_be_done=response.status_code not in _NOT_DONE,
            )
        return response


def _moved(host: str, location: str, setting: str) -> Moved:
    """What a redirect means. Of the new address only the host is told: the rest may hold a secret."""
    try:
        elsewhere = urlsplit(location).hostname
    except ValueError:
        elsewhere = None
    if elsewhere is None or elsewhere == host:
        return Moved(
            f"{host} answers with a redirect to another page of its own, and redirects are not followed.",
            f"Look at {setting}, and at what stands between here and there, such as a proxy.",
        )
    return Moved(
        f"{host} sends requests on to {elsewhere}, and redirects are not followed: they would carry secrets there.",
        f"If that is where it lives now, write {elsewhere} into {setting}; if not, look at the proxy.",
    )


def _is_passing(response: requests.Response) -> bool:
    if response.status_code == requests.codes.server_error and "xml" in response.headers.get("Content-Type", ""):
        return False  # a SOAP fault says something definite
    return response.status_code in _NOT_DONE or response.status_code >= 500


def _asked_wait(response: requests.Response) -> float | None:
    """Return the seconds to wait by Retry-After (a number or a date) or, at 429, by RateLimit-Reset (a number)."""
    asked = response.headers.get("Retry-After", "")
    if not asked and response.status_code == requests.codes.too_many_requests:
        asked = response.headers.get("RateLimit-Reset", "")
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return None
    return max(0.0, seconds)


def _is_listed(host: str, no_proxy: str) -> bool:
    """Tell whether NO_PROXY names the host, one of its parent domains, or everything."""
    names = [name.strip().lower().lstrip(".") for name in no_proxy.split(",") if name.strip()]
    return any(name in ("*", host) or host.endswith(f".{name}") for name in names)


def _was_never_connected(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
