"""HTTP as this project uses it: time-outs on every call, one policy of retrying, and where requests may go."""

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from requests.models import REDIRECT_STATI
from urllib3.exceptions import MaxRetryError, NewConnectionError

from sf_insights.domain.encodings import declared_encoding, decoded, is_damaged, replaced
from sf_insights.domain.problems import ConfigurationProblem, ConnectionProblem
from sf_insights.domain.refusals import told
from sf_insights.resources.error_bodies import said_in
from sf_insights.resources.open_transactions import refuse_inside_transaction
from sf_insights.resources.retrying import PassingTrouble

T = TypeVar("T")

CONNECT_SECONDS = 10.0
READ_SECONDS = 120.0
CONNECTIONS = 16

# Halves of the pairs that JSON escapes beyond \uFFFF: nothing but JSON can hold one without the other.
_HALF_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")

# Edges of Salesforce and Zuora answer these without having done anything.
_NOT_DONE = frozenset({406, 420, 429, 503})
_REQUEST_TIMEOUT = 408


class Moved(ConnectionProblem):
    """The server sends a request on to another address. None follows: it would carry secrets to another host."""


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
    except requests.exceptions.ProxyError as error:
        raise _proxy_trouble(who, str(error)) from None
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
            said = said_in(response)
            response.close()
            what = told(said.code, said.message)
            raise PassingTrouble(
                f"{host} answered {response.status_code}" + (f" ({what})" if what else ""),
                wait=asked_wait(response),
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
    return response.status_code in (*_NOT_DONE, _REQUEST_TIMEOUT) or response.status_code >= 500


def asked_wait(response: requests.Response) -> float | None:
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


def _proxy_trouble(who: str, error: str) -> PassingTrouble | ConnectionProblem:
    """Return what a proxy that opens no tunnel means: its refusals stay, its own troubles pass."""
    refused = re.search(r"Tunnel connection failed: (4\d\d)", error)
    status = int(refused[1]) if refused else 0
    if status == requests.codes.proxy_authentication_required:
        return ConnectionProblem(
            "The proxy in HTTPS_PROXY asks for a user and a password (HTTP 407).",
            "Write them into HTTPS_PROXY, as in http://user:password@proxy.example:3128.",
        )
    if status and status not in (requests.codes.request_timeout, requests.codes.too_many_requests):
        return ConnectionProblem(
            f"The proxy in HTTPS_PROXY refuses to lead to {who} (HTTP {status}).",
            "Let the proxy allow the address, or name another proxy.",
        )
    return PassingTrouble(
        f"The proxy in HTTPS_PROXY did not lead to {who}", may_be_done=False, remedy="Look at HTTPS_PROXY."
    )


def _was_never_connected(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
