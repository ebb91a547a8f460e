"""What one field of a record should hold, from the values of the record's accounts: the rules in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sf_insights_tests.outbound.model.mapping import Entry, Target

BLANKS = "".join(map(chr, range(0x21))) + "\x85\xa0\u2002\u2003\u3000"


@dataclass(frozen=True)
class Cell:
    """`value` is what to send, '' for an empty field and None for nothing; `problem` is why it is held back."""

    value: str | None
    problem: str | None = None
    found: str | None = None  # the value that is held back


def cell_of(entry: Entry, target: Target, values: Sequence[Any]) -> Cell:
    """Combine the values of a record's accounts, and check that the field can hold the result."""
    is_checkbox = target.kind == "checkbox"
    if entry.combine == "same":
        texts = [canonical(target, value) for value in values]
        if entry.nulls == "false":
            texts = [text or "false" for text in texts]
        elif entry.nulls == "keep" or is_checkbox:
            texts = [text for text in texts if text]
        if len(set(texts)) > 1:
            return Cell(None, "conflict")
        text = texts[0] if texts else ""
    else:
        text = canonical(target, _combined(entry.combine, [value for value in values if not _is_empty(value)]))
    if entry.too_long == "truncate" and target.length:
        text = _cut(text, target.length)
    if text == "":
        if entry.nulls == "false":
            return Cell("false")
        return Cell(None if entry.nulls == "keep" or is_checkbox else "")
    return Cell(None, "value", text) if _is_unfit(target, text) else Cell(text)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip(BLANKS))


def canonical(target: Target, value: Any) -> str:
    """Return the one text of a value in a field, of our source or of Salesforce; '' for an empty one."""
    if _is_empty(value):
        return ""
    match target.kind:
        case "number":
            rounded = _decimal(value).quantize(Decimal(1).scaleb(-target.scale), ROUND_HALF_UP)
            return f"{rounded.normalize() + 0:f}"
        case "checkbox":
            return "true" if value in (True, "true") else "false"
        case "datetime":
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
            return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case "multipicklist":
            return ";".join(sorted({part.strip(BLANKS) for part in str(value).split(";")} - {""}))
        case _:
            return (value.isoformat() if isinstance(value, date) else str(value)).strip(BLANKS)


def _combined(combine: str, values: list[Any]) -> Any:
    if combine == "count":
        return Decimal(len(values))
    if not values:
        return None
    match combine:
        case "sum":
            return sum(map(_decimal, values), Decimal(0))
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "any":
            return any(values)
        case "all":
            return all(values)
        case _:
            return "; ".join(sorted({str(value).strip(BLANKS) for value in values} - {""}))


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _is_unfit(target: Target, text: str) -> bool:
    if target.kind == "number":
        whole, _, decimals = text.lstrip("-").partition(".")
        return len(whole.lstrip("0")) > target.digits or len((whole + decimals).lstrip("0")) > 15
    if target.length and _units(text) > target.length:
        return True
    if target.allowed:
        parts = text.split(";") if target.kind == "multipicklist" else [text]
        return not set(parts) <= set(target.allowed)
    return False


def _cut(text: str, length: int) -> str:
    while _units(text) > length:
        text = text[:-1]
    return text.rstrip(" ")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
