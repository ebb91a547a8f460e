"""What an answer, or its absence, means: network troubles, JSON, and how long a server asks to wait."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from sf_insights.domain.encodings import declared_encoding, decoded, is_damaged, replaced
from sf_insights.domain.problems import ConfigurationProblem, ConnectionProblem
from sf_insights.transport import waits
from sf_insights.transport.retry import PassingTrouble

# Halves of the pairs that JSON escapes beyond \uFFFF: nothing but JSON can hold one without the other.
_HALF_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")


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
        raise PassingTrouble(
            f"{who} could not be reached within {waits.CONNECT_SECONDS:.0f} s", may_be_done=False
        ) from None
    except requests.Timeout:
        raise PassingTrouble(f"{who} did not answer within {waits.READ_SECONDS:.0f} s") from None
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
