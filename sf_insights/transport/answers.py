"""Read answers: translate network errors, parse JSON, and report answers in an unexpected form."""

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
from sf_insights.transport.retry import TemporaryFailure

# JSON escapes characters beyond \uFFFF as surrogate pairs, and can contain one half without the other.
_HALF_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")


@contextmanager
def translated_network_errors(who: str) -> Iterator[None]:
    """Translate errors of requests while talking to `who`: temporary ones to TemporaryFailure, others to Problems.

    The original errors are not chained, since their texts contain whole addresses and so SOQL.
    """
    try:
        yield
    except requests.exceptions.SSLError as error:
        if "certificate" in str(error).lower():
            raise ConnectionProblem(
                f"The certificate of {who} is not trusted.",
                "If a proxy inspects TLS traffic here, set REQUESTS_CA_BUNDLE to a file that includes its certificate.",
            ) from None
        raise TemporaryFailure(f"The encrypted connection to {who} broke off") from None
    except requests.exceptions.ProxyError as error:
        raise _proxy_trouble(who, str(error)) from None
    except requests.ConnectTimeout:
        raise TemporaryFailure(
            f"{who} could not be reached within {waits.CONNECT_SECONDS:.0f} s", may_be_done=False
        ) from None
    except requests.Timeout:
        raise TemporaryFailure(f"{who} did not answer within {waits.READ_SECONDS:.0f} s") from None
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
        raise TemporaryFailure(f"An answer of {who} broke off in the middle") from None
    except requests.ConnectionError as error:
        if _was_never_connected(error):
            host = urlsplit(error.request.url or "").netloc if error.request is not None else ""
            variable = "ZUORA_BASE_URL" if who == "Zuora" else "SALESFORCE_DOMAIN or SALESFORCE_ENDPOINT"
            raise TemporaryFailure(
                f"{who} cannot be reached" + (f" at {host}" if host else ""),
                may_be_done=False,
                remedy=f"Check {variable}, the network and HTTPS_PROXY.",
            ) from None
        raise TemporaryFailure(f"The connection to {who} broke off") from None
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidProxyURL):
        raise ConfigurationProblem(
            f"The address of {who} or of the proxy is not valid.",
            "Check SALESFORCE_DOMAIN, SALESFORCE_INSTANCE_URL, ZUORA_BASE_URL and HTTPS_PROXY.",
        ) from None
    except requests.RequestException as error:
        raise ConnectionProblem(f"A request to {who} failed ({type(error).__name__}).", "Try again later.") from None


@contextmanager
def translated_parse_errors(who: str, doing: str) -> Iterator[None]:
    """Translate errors from parsing an answer: it does not have the form that the API documents.

    Raises:
        ConnectionProblem: the answer lacks something or contains something unexpected.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError):
        raise ConnectionProblem(
            f"{who} was asked to {doing}, but the answer has an unexpected form.",
            "Check what is between this machine and the server, such as a proxy, and run again.",
        ) from None


def read_json(response: requests.Response, *, keeps_damage: bool = False, **options: Any) -> Any:
    """Parse the body as JSON with the options of json.loads; None for the empty answer of 204.

    Invalid bytes and halves of surrogate pairs, as from a truncated text, become U+FFFD, since neither files nor
    databases can store them. With `keeps_damage` they stay lone surrogates, so that the caller can report them.

    Raises:
        TemporaryFailure: the body is not JSON, as from a maintenance page or a proxy.
    """
    if response.status_code == requests.codes.no_content:
        return None
    content = response.content
    try:
        text = decoded(content, declared_encoding(response.headers.get("Content-Type", ""), content[:4]))
        value = json.loads(text.removeprefix("\ufeff"), **options)
        may_be_damaged = _HALF_ESCAPED.search(content) or is_damaged(text)
        return _with_whole_characters(value) if may_be_damaged and not keeps_damage else value
    except (ValueError, RecursionError):  # also from numbers with thousands of digits and endless brackets
        raise TemporaryFailure(f"The server answered {response.status_code} with a body that is not JSON") from None


def _with_whole_characters(value: Any) -> Any:
    if isinstance(value, str):
        return replaced(value)
    if isinstance(value, list):
        return [_with_whole_characters(item) for item in value]
    if isinstance(value, dict):
        return {_with_whole_characters(key): _with_whole_characters(item) for key, item in value.items()}
    return value


def _proxy_trouble(who: str, error: str) -> TemporaryFailure | ConnectionProblem:
    """Return the error for a proxy that opens no tunnel: a refusal lasts, a failure of the proxy may pass."""
    refused = re.search(r"Tunnel connection failed: (4\d\d)", error)
    status = int(refused[1]) if refused else 0
    if status == requests.codes.proxy_authentication_required:
        return ConnectionProblem(
            "The proxy in HTTPS_PROXY asks for a user and a password (HTTP 407).",
            "Add them to HTTPS_PROXY, as in http://user:password@proxy.example:3128.",
        )
    if status and status not in (requests.codes.request_timeout, requests.codes.too_many_requests):
        return ConnectionProblem(
            f"The proxy in HTTPS_PROXY refuses to connect to {who} (HTTP {status}).",
            "Allow the address in the proxy, or set another proxy.",
        )
    return TemporaryFailure(
        f"The proxy in HTTPS_PROXY did not connect to {who}", may_be_done=False, remedy="Check HTTPS_PROXY."
    )


def _was_never_connected(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
