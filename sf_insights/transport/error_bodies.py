"""Find the code and message of an error in the body of an answer: JSON, XML, HTML or plain text, from any server."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from html import unescape
from typing import Any

import requests
import urllib3

_MOST_BYTES = 1 << 16
_CODES = ("errorCode", "exceptionCode", "faultCode", "code", "error")
_MESSAGES = ("message", "exceptionMessage", "faultMessage", "error_description", "faultstring", "detail", "title")
_LISTS = ("reasons", "errors", "Errors")


@dataclass(frozen=True)
class ReportedError:
    """The code and message of an error; "" for what the body does not give."""

    code: str = ""
    message: str = ""


def error_in(response: requests.Response) -> ReportedError:
    """Return the error in the beginning of an answer's body; an empty one when the body breaks off or has none."""
    body = b""
    with suppress(requests.RequestException, urllib3.exceptions.HTTPError, OSError):
        if response._content_consumed:  # type: ignore[attr-defined]
            body = response.content[:_MOST_BYTES]
        else:
            body = next(response.iter_content(_MOST_BYTES), b"")
    return error_in_text(body.decode("utf-8", "replace"))


def error_in_text(text: str) -> ReportedError:
    """Return the error in a text; for an HTML page, its headline or title."""
    text = text.strip()
    if text.startswith(("{", "[")):
        try:
            return error_in_json(json.loads(text))
        except (ValueError, RecursionError):
            return ReportedError()
    if text.startswith("<"):
        return _error_in_xml(text) or _error_in_html(text)
    return ReportedError("", " ".join(text.split()))


def error_in_json(body: Any) -> ReportedError:
    """Return the error in a JSON body: Salesforce's list, OAuth's `error`, Zuora's `reasons` or its `faultCode`."""
    for _ in range(4):  # no API nests an error deeper than in a list inside an object
        if isinstance(body, list):
            body = body[0] if body else None
        if not isinstance(body, Mapping):
            return ReportedError()
        inner = next((body[name] for name in (*_LISTS, "error") if isinstance(body.get(name), (list, dict))), None)
        if not inner:
            break
        body = inner
    return ReportedError(_first(body, _CODES), _first(body, _MESSAGES))


def _first(body: Any, names: tuple[str, ...]) -> str:
    values = (body.get(name) for name in names) if isinstance(body, Mapping) else ()
    return next((str(value) for value in values if isinstance(value, (str, int)) and value != ""), "")


def _error_in_xml(text: str) -> ReportedError | None:
    named = _element(text, "exceptionCode|errorCode|faultcode")  # a faultcode has a prefix, as in sf:INVALID_LOGIN
    code = named.rpartition(":")[2]
    message = _element(text, "exceptionMessage|faultstring|message")
    return ReportedError(code, message.removeprefix(f"{named}: ").removeprefix(f"{code}: ")) if code else None


def _element(text: str, names: str) -> str:
    for name in names.split("|"):
        found = re.search(rf"<(?:\w+:)?{name}\b[^<>]*>([^<]*)<", text)
        if found:
            return " ".join(unescape(found[1]).split())
    return ""


def _error_in_html(text: str) -> ReportedError:
    text = re.sub(r"(?is)<(script|style)\b.*?(</\1>|$)|<!--.*?(-->|$)", " ", text)
    headline = re.search(r"(?is)<h1\b[^<>]*>(.*?)</h1>", text) or re.search(r"(?is)<title\b[^<>]*>(.*?)</title>", text)
    visible = headline[1] if headline else text
    return ReportedError("", " ".join(unescape(re.sub(r"<[^<>]*>?", " ", visible)).split()))
