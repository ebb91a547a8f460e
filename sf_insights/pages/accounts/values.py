"""Values as people read them, from what the snapshot has or from the texts of changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any


def shown(value: Any, field: Mapping[str, Any], currency: str | None = None) -> str | None:
    """Return a value of a field as text, None if it is empty.

    Args:
        value: as the snapshot has it, or the text of it in a change.
        field: its row of insights.fields.
        currency: the code of an amount's currency.
    """
    if value is None or value == "":
        return None
    kind = field["data_type"]
    if kind == "true_or_false":
        return "Yes" if value in (True, "true") else "No"
    if kind == "number":
        return _number(value, field, currency)
    if kind == "timestamp":
        return _moment(value)
    return str(value)


def _number(value: Any, field: Mapping[str, Any], currency: str | None) -> str:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    places = field["places"] or 0
    text = f"{number:,.{max(places, 0)}f}" if number == round(number, places) else f"{number:,f}"
    if "." in text and not (field["format"] == "currency" and number % 1):
        text = text.rstrip("0").rstrip(".")
    if field["format"] == "percent":
        return f"{text} %"
    return f"{text} {currency}" if currency and field["format"] == "currency" else text


def _moment(value: Any) -> str:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return f"{moment:%Y-%m-%d %H:%M} UTC"
