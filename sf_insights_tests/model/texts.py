"""One text for each value, so that values of Salesforce and of DuckDB can be compared."""

from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

NUMBERS = ("int", "long", "double", "currency", "percent")
KINDS = {"boolean": "boolean", "date": "date", "datetime": "timestamp", "time": "time"}


def kind_of(type_: str) -> str:
    """Return the kind of value of a Salesforce type: a field keeps its column while this stays the same."""
    return "number" if type_ in NUMBERS else KINDS.get(type_, "text")


def plain_text(value: Any, may_be_number: bool = False) -> str | None:
    """Return one text for all notations of a value: 5, 5.00 and (in a field of numbers) "5.0" are equal."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        value = value.isoformat()
    if isinstance(value, date | time):
        value = value.isoformat()
    if may_be_number or isinstance(value, int | float | Decimal):
        try:
            number = Decimal(repr(value) if isinstance(value, float) else value)
        except InvalidOperation:
            return str(value)
        return format(number.normalize() + 0, "f") if number.is_finite() else str(value)
    return str(value)


def plain_timestamp(text: str | None) -> str | None:
    """Return one text for a timestamp in Salesforce's or DuckDB's format."""
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00")).isoformat()


def plain_time(text: str | None) -> str | None:
    """Return one text for a time of day."""
    return None if text is None else time.fromisoformat(text.removesuffix("Z")).isoformat()
