"""How Salesforce reads a sent value: its type, its limits, and the text that it stores.

Text loses the blanks at its ends, and a text of blanks is null. Datetimes lose their fraction of a second. Decimals
beyond a field's scale stay. Sources: Salesforce, "Bulk API 2.0 Developer Guide", "Valid Date Format in Records"; SOAP
API Developer Guide, "Field Types"; error texts as orgs answer them.
"""

import datetime
import math
import re
from decimal import Decimal
from typing import Any

from sf_insights.demo.data.fields import TEXT_TYPES, Field
from sf_insights.demo.data.values import INTEGERS, NUMBERS_WITH_DECIMALS, java_double
from sf_insights.demo.writing.refusals import NotReadable, Refused, bad_picklist_value

NULL = "#N/A"  # the CSV cell that clears a field

_BLANKS = "".join(map(chr, range(0x21)))  # what Java's trim removes
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_INTEGER = re.compile(r"[+-]?\d+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DATETIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:?\d\d)")
_TIME = re.compile(r"(\d\d:\d\d:\d\d)(\.\d{3})?Z?")
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;.]+(?:\.[^@\s,;.]+)+")
_FIRST_YEAR, _LAST_YEAR = 1700, 4000


def from_cell(field: Field, cell: str, column: int) -> str | None:
    """Return the stored text of a CSV cell that is not empty.

    Args:
        column: the number of its column, from 0, for the message.

    Raises:
        Refused: the row cannot be written.
    """
    if cell == NULL:
        return cleared(field)
    text = cell.strip(_BLANKS)
    if not text:
        return cleared(field)
    try:
        return fitting(field, _parsed(field.type, text))
    except ValueError:
        message = f"Failed to deserialize field at col {column}. Due to, '{cell}' is not a valid value for the type"
        raise Refused("INVALID_FIELD", f"{message} {field.soap_type}", field.name) from None


def from_json(field: Field, value: Any) -> str | None:
    """Return the stored text of a JSON value.

    Raises:
        NotReadable: the value has another type than the field; the request is refused.
        Refused: the row cannot be written.
    """
    if value is None:
        return cleared(field)
    numeric = field.type in NUMBERS_WITH_DECIMALS | INTEGERS
    if isinstance(value, bool):
        text = str(value).lower()
        fits = field.type == "boolean"
    elif isinstance(value, (int, float)):
        text = repr(value)
        fits = (numeric or field.type in TEXT_TYPES) and text not in {"nan", "inf", "-inf"}
    else:
        text = value if isinstance(value, str) else ""
        fits = isinstance(value, str)
    if not fits:
        raise NotReadable(field, value)
    text = text.strip(_BLANKS)
    if not text and (field.type in TEXT_TYPES or field.type == "reference"):
        return cleared(field)
    try:
        parsed = _parsed(field.type, text)
    except ValueError:
        raise NotReadable(field, value) from None
    return fitting(field, parsed)


def cleared(field: Field) -> str | None:
    """Return null if the field may become null.

    Raises:
        Refused: it is a checkbox, or it is required.
    """
    if field.type == "boolean":
        message = f"{field.label}: value not of required type: "
        raise Refused("INVALID_TYPE_ON_FIELD_IN_RECORD", message, field.name)
    if not field.nillable:
        raise Refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{field.name}]", field.name)
    return None


def _parsed(type_: str, text: str) -> str:
    """Return a value's text in the store's form.

    Raises:
        ValueError: the text is not a value of the type.
    """
    if type_ == "boolean":
        return {"true": "true", "1": "true", "false": "false", "0": "false"}.get(text.lower()) or _wrong(text)
    if type_ in NUMBERS_WITH_DECIMALS:
        return java_double(float(text)) if _NUMBER.fullmatch(text) and math.isfinite(float(text)) else _wrong(text)
    if type_ in INTEGERS:
        bits = 31 if type_ == "int" else 63
        return str(int(text)) if _INTEGER.fullmatch(text) and abs(int(text)) < 2**bits else _wrong(text)
    if type_ == "date":
        return datetime.date.fromisoformat(text).isoformat() if _DATE.fullmatch(text) else _wrong(text)
    if type_ == "datetime":
        return _moment(text)
    if type_ == "time":
        found = _TIME.fullmatch(text) or _wrong(text)
        return datetime.time.fromisoformat(found[1]).isoformat() + (found[2] or ".000") + "Z"
    return text


def _wrong(text: str) -> Any:
    raise ValueError(text)


def _moment(text: str) -> str:
    found = _DATETIME.fullmatch(text) or _wrong(text)
    offset = "+00:00" if found[2] == "Z" else found[2]
    try:
        moment = datetime.datetime.fromisoformat(found[1] + offset).astimezone(datetime.UTC)
    except OverflowError:
        return str(_wrong(text))
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z") if moment.year > 999 else str(_wrong(text))


def fitting(field: Field, text: str) -> str:
    """Return a value's text in the store's form if the field's limits allow it.

    Raises:
        Refused: it is too long, out of range, not a value of a restricted picklist, or not an email address.
    """
    if field.type in NUMBERS_WITH_DECIMALS | INTEGERS:
        whole = field.precision - field.scale if field.type in NUMBERS_WITH_DECIMALS else field.digits
        if whole and abs(Decimal(text)) >= 10**whole:
            shown = java_double(float(text))
            message = f"{field.label}: value outside of valid range on numeric field: {shown}"
            raise Refused("NUMBER_OUTSIDE_VALID_RANGE", message, field.name)
    if field.type in {"date", "datetime"} and not _FIRST_YEAR <= int(text[:4]) <= _LAST_YEAR:
        raise Refused("FIELD_INTEGRITY_EXCEPTION", f"{field.label}: invalid date: {text}", field.name)
    if field.type == "multipicklist":
        text = _in_order(field, text)
    if field.restricted and field.type in {"picklist", "multipicklist"}:
        unknown = [value for value in text.split(";") if value not in field.values]
        if unknown:
            raise bad_picklist_value(field, unknown[0])
    if field.type in TEXT_TYPES and field.length and utf16_length(text) > field.length:
        message = f"{field.label}: data value too large: {text[:50]} (max length={field.length})"
        raise Refused("STRING_TOO_LONG", message, field.name)
    if field.type == "email" and not _EMAIL.fullmatch(text):
        raise Refused("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", field.name)
    return text


def utf16_length(text: str) -> int:
    """Return a text's length as Java counts it: a character outside the basic plane counts twice."""
    return len(text) + sum(character > "\uffff" for character in text)


def _in_order(field: Field, text: str) -> str:
    """Return the values of a multi-select picklist once each, in the order of its definition, others last."""
    values = list(dict.fromkeys(value for part in text.split(";") if (value := part.strip(_BLANKS))))
    known = [value for value in field.values if value in values]
    return ";".join([*known, *(value for value in values if value not in known)])
