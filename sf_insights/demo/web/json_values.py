"""Values in the REST API's JSON: numbers in Java's notation."""

import json
import re
from typing import Any

from sf_insights.demo.data.values import INTEGERS, NUMBERS_WITH_DECIMALS

# Python's json writes floats differently, so numbers are written as marked strings whose quotes are removed at the end.
_MARK = "\ue0f3number:"
_MARKED = re.compile('"' + _MARK + r'([^"]*)"')


def to_json(type_: str, text: str | None) -> Any:
    """Return the value for `dump_json` in the REST API's form: datetimes end with +0000, numbers are Java's."""
    if text is None:
        return None
    if type_ == "boolean":
        return text == "true"
    if type_ in NUMBERS_WITH_DECIMALS:
        return _MARK + text
    if type_ in INTEGERS:
        return int(text)
    if type_ == "datetime":
        return text[:-1] + "+0000"
    if type_ == "anyType":
        of_letter = {"n": "double", "b": "boolean", "d": "datetime"}
        return to_json(of_letter.get(text[0], "string"), text[1:])
    return text


def dump_json(value: Any, pretty: bool = False) -> bytes:
    """Write a JSON body in UTF-8, with numbers from `to_json` in Java's notation."""
    text = json.dumps(
        value, ensure_ascii=False, indent=2 if pretty else None, separators=None if pretty else (",", ":")
    )
    if _MARK in text:
        text = _MARKED.sub(r"\1", text)
    return text.encode()
