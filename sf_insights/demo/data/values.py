"""The forms of a value: in the org's store, in JSON, and in the truth that tests read.

The store holds the value's text in a Bulk API result, and NULL for null: `9.0E7` for a currency, `true`,
`2026-01-31T12:34:56.000Z`, `10:30:00.000Z`. Other forms are derived from this text and the field's type.
"""

import datetime
import math
from typing import Any

NUMBERS_WITH_DECIMALS = frozenset({"double", "currency", "percent"})
INTEGERS = frozenset({"int", "long"})
IDENTIFIERS = frozenset({"id", "reference"})


def java_double(number: float) -> str:
    """Write a number like Java's Double.toString, as Salesforce does: 12.5, 350000.0, 9.0E7, 1.0E-4."""
    if number == 0:
        return "0.0"
    if 1e-3 <= abs(number) < 1e7:
        return repr(float(number))
    sign = "-" if number < 0 else ""
    mantissa, _, exponent = repr(abs(float(number))).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    power = int(exponent or 0) + (len(whole) - 1 if whole != "0" else -(len(fraction) - len(digits) + 1))
    digits = digits.rstrip("0") or "0"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{power}"


def to_store(type_: str, value: Any) -> str | None:
    """Return the stored text of a Python value (str, bool, int, float, Decimal, None) for a field type."""
    if value is None or value == "":
        return None
    if type_ == "boolean":
        return "true" if value in (True, "true") else "false"
    if type_ in NUMBERS_WITH_DECIMALS:
        return java_double(float(value))
    if type_ in INTEGERS:
        return str(int(value))
    return str(value)


def retyped(type_: str, text: str) -> str | None:
    """Return a value's stored text after its field changed type; None if the new type cannot hold it."""
    try:
        if type_ in NUMBERS_WITH_DECIMALS:
            return java_double(float(text)) if math.isfinite(float(text)) else None
        if type_ in INTEGERS:
            return str(int(float(text)))
        if type_ == "date":
            return datetime.date.fromisoformat(text[:10]).isoformat()
        if type_ == "datetime":
            return datetime.date.fromisoformat(text[:10]).isoformat() + (text[10:] or "T00:00:00.000Z")
    except (ValueError, OverflowError):
        return None
    if type_ == "boolean":
        return "true" if text == "true" else "false"
    return text


def to_truth(type_: str, text: str | None) -> Any:
    """Return the Python value of a stored text: bool, int, float, str or None.

    Dates, datetimes and times stay text in Salesforce's form (2026-01-31, 2026-01-31T12:34:56.000Z, 10:30:00.000Z).
    A float's shortest decimal text is exactly the number that the APIs send.
    """
    if text is None:
        return None
    if type_ == "boolean":
        return text == "true"
    if type_ in NUMBERS_WITH_DECIMALS:
        return float(text)
    if type_ in INTEGERS:
        return int(text)
    return text
