"""Which custom field to create in Salesforce for a column of Insights.

Source: Zuora, "Synchronize Account Fields to Salesforce", the table of Insights types and Salesforce types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sf_insights.domain.outbound.settings import OutboundField
from sf_insights.domain.outbound.targets import combined_kind, source_kind

PREFIX = "Insights_"
LONGEST_NAME = 40  # of a custom field, without __c
MOST_DIGITS = 18  # of a Number, Currency or Percent field, on both sides of the point
LONGEST_TEXT = 255
_LENGTHS = (40, 80, 120, LONGEST_TEXT)
_LONG_LENGTHS = (32_768, 131_072)
_SPARE_DIGITS = 2
_FEWEST_DIGITS = 6
_CENTS = 2
_NUMBERS = {"integer": "Number", "decimal": "Number", "percent": "Percent", "currency": "Currency"}


@dataclass(frozen=True)
class Column:
    """A column of the source and the sizes of its present values.

    `longest` counts characters, `digits` those before the point, `decimals` those after it; None if the column has no
    values, or none that have such a size. `data_type`, `format`, `places` and `label` are what `insights.fields` and
    `insights.field_labels` say of a synced field.
    """

    name: str
    duckdb_type: str
    longest: int | None = None
    digits: int | None = None
    decimals: int | None = None
    data_type: str | None = None
    format: str | None = None
    places: int | None = None
    label: str | None = None


@dataclass(frozen=True)
class CustomField:
    """A custom field to create: what to enter in Setup. `length` is what Setup calls so: characters, or digits."""

    column: str
    insights_type: str
    label: str
    api_name: str
    type: str
    length: int | None
    decimals: int | None
    is_mapped: bool

    @property
    def size(self) -> str:
        """Length and decimal places in one text: 40, or 14.2, or nothing."""
        if self.length is None:
            return ""
        return f"{self.length:,}" if self.decimals is None else f"{self.length}.{self.decimals}"


def custom_field(column: Column, entry: OutboundField | None = None) -> CustomField | None:
    """Return the field that can hold a column's values, None if the column has several values in one cell.

    Args:
        column: the column with its sizes.
        entry: the entry that sends it, whose target gives the name and whose `combine` the type.
    """
    kind = source_kind(column.duckdb_type)
    if kind is None:
        return None
    combined = combined_kind(entry, kind) if entry else kind
    made: tuple[str, str, int | None, int | None]
    if combined == "number":
        made = _number(column, entry)
    elif combined == "boolean":
        made = ("True or False", "Checkbox", None, None)
    elif combined == "date":
        made = ("Calendar Date", "Date", None, None)
    elif combined == "timestamp":
        made = ("Timestamp", "Date/Time", None, None)
    else:
        made = _text(column, is_list=entry is not None and entry.combine == "list")
    insights_type, type_, length, decimals = made
    return CustomField(
        column=column.name,
        insights_type=insights_type,
        label=column.label or _words(column.name),
        api_name=entry.to if entry else api_name(column.name),
        type=type_,
        length=length,
        decimals=decimals,
        is_mapped=entry is not None,
    )


def api_name(column: str) -> str:
    """Return the API name that Zuora advises: the Insights name with the prefix Insights_."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", re.sub(r"(?i)__c$", "", column)) if word]
    name = "_".join(word[0].upper() + word[1:] for word in words) or "Value"
    return f"{(PREFIX + name)[:LONGEST_NAME].rstrip('_')}__c"


def _number(column: Column, entry: OutboundField | None) -> tuple[str, str, int, int]:
    if entry is not None and entry.combine == "count":
        return "Number: Integer", "Number", _FEWEST_DIGITS, 0
    is_amount = entry is not None and entry.currency is not None
    format_ = "currency" if is_amount else column.format if column.format in _NUMBERS else None
    decimals = column.places if column.places is not None else column.decimals or 0
    if is_amount:
        decimals = max(decimals, _CENTS)
    named = format_ or ("decimal" if decimals else "integer")
    spare = 2 * _SPARE_DIGITS if entry is not None and entry.combine == "sum" else _SPARE_DIGITS
    digits = min(max((column.digits or 0) + spare, _FEWEST_DIGITS), MOST_DIGITS - decimals)
    return f"Number: {named.capitalize()}", _NUMBERS[named], digits, decimals


def _text(column: Column, *, is_list: bool) -> tuple[str, str, int | None, int | None]:
    insights_type = "Picklist" if column.data_type == "picklist" else "Text"
    if is_list:
        return insights_type, "Text", LONGEST_TEXT, None
    longest = column.longest or 0
    spacious = longest + longest // 4
    for length in _LENGTHS:
        if spacious <= length or (length == LONGEST_TEXT and longest <= length):
            return insights_type, "Text", length, None
    length = next((length for length in _LONG_LENGTHS if spacious <= length), _LONG_LENGTHS[-1])
    return insights_type, "Text Area (Long)", length, None


def _words(column: str) -> str:
    words = re.sub(r"(?i)__c$", "", column).replace("_", " ").strip() or column
    return words[0].upper() + words[1:]
