"""Salesforce fields, and the DuckDB column types that store their values exactly.

Source: Salesforce, "Field types" of the Object Reference, and the describe call's field entries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["text", "boolean", "integer", "decimal", "date", "timestamp", "time"]
Category = Literal["attribute", "metric"]

NUMERICAL_TYPES = frozenset({"int", "long", "double", "currency", "percent"})
COMPOUND_TYPES = frozenset({"address", "location"})
UNREADABLE_TYPES = frozenset({"base64", "complexvalue", "json", "anyType", "datacategorygroupreference"})

# DuckDB's DECIMAL holds 38 digits: with 18 after the point, 20 remain before it, more than a Salesforce number needs.
MAX_INTEGER_DIGITS = 20
MAX_SCALE = 18

_KINDS: dict[str, Kind] = {
    "boolean": "boolean",
    "int": "integer",
    "long": "integer",
    "double": "decimal",
    "currency": "decimal",
    "percent": "decimal",
    "date": "date",
    "datetime": "timestamp",
    "time": "time",
}
_SQL: dict[Kind, str] = {
    "text": "VARCHAR",
    "boolean": "BOOLEAN",
    "integer": "BIGINT",
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "time": "TIME",
}
_BIGINT_DIGITS = 19


@dataclass(frozen=True)
class ColumnType:
    """The type of one DuckDB column. `integer_digits` and `scale` count decimal digits; only decimals use them."""

    kind: Kind
    integer_digits: int = 0
    scale: int = 0

    @property
    def sql(self) -> str:
        """The type in DuckDB's SQL, such as `DECIMAL(18,2)`."""
        if self.kind == "decimal":
            return f"DECIMAL({max(1, self.integer_digits + self.scale)},{self.scale})"
        return _SQL[self.kind]

    @classmethod
    def parse(cls, sql: str) -> ColumnType:
        """Parse a type from DuckDB's catalog.

        Raises:
            ValueError: no field has this type.
        """
        if sql.startswith("DECIMAL("):
            precision, scale = (int(part) for part in sql[len("DECIMAL(") : -1].split(","))
            return cls("decimal", precision - scale, scale)
        for kind, name in _SQL.items():
            if sql == name:
                return cls(kind)
        raise ValueError(f"no field is stored as {sql}")

    @property
    def is_number(self) -> bool:
        return self.kind in ("integer", "decimal")

    def widened(self, other: ColumnType) -> ColumnType | None:
        """The narrowest type that holds every value of both, or None when the two kinds cannot be combined."""
        if self.kind == other.kind and self.kind != "decimal":
            return self
        if self.is_number and other.is_number:
            digits = max(_whole_digits(self), _whole_digits(other))
            return ColumnType("decimal", min(digits, MAX_INTEGER_DIGITS), max(self.scale, other.scale))
        return None


def _whole_digits(column: ColumnType) -> int:
    return _BIGINT_DIGITS if column.kind == "integer" else column.integer_digits


@dataclass(frozen=True)
class AccountField:
    """One field of Account from `describe`, with the properties that the sync uses."""

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    is_formula: bool = False
    is_custom: bool = False
    help_text: str | None = None
    compound_field: str | None = None
    picklist: tuple[str, ...] = field(default=(), compare=False)  # the labels of active values; not in the warehouse

    @classmethod
    def from_describe(cls, entry: Mapping[str, Any]) -> AccountField:
        """Create a field from one entry of describe's `fields`."""
        return cls(
            name=entry["name"],
            label=entry.get("label") or entry["name"],
            type=entry["type"],
            length=entry.get("length") or 0,
            precision=entry.get("precision") or 0,
            scale=entry.get("scale") or 0,
            is_formula=bool(entry.get("calculated")),
            is_custom=bool(entry.get("custom")),
            help_text=entry.get("inlineHelpText") or None,
            compound_field=entry.get("compoundFieldName") or None,
            picklist=tuple(
                str(value.get("label") or value.get("value"))
                for value in entry.get("picklistValues") or ()
                if value.get("active", True)
            ),
        )

    @property
    def is_numerical(self) -> bool:
        """Whether the field can be a metric."""
        return self.type in NUMERICAL_TYPES

    @property
    def refusal(self) -> str | None:
        """Why this field cannot be synced, or None."""
        if self.type in COMPOUND_TYPES:
            return f"it is compound ({self.type}): select its parts instead"
        if self.type in UNREADABLE_TYPES:
            return f"its type {self.type} is not a single value"
        return None

    @property
    def column(self) -> ColumnType:
        """The column type that describe implies; the data may need a wider one."""
        kind = _KINDS.get(self.type, "text")
        if kind == "decimal":
            scale = min(self.scale, MAX_SCALE)
            return ColumnType("decimal", min(max(self.precision - scale, 1), MAX_INTEGER_DIGITS), scale)
        return ColumnType(kind)

    @property
    def data_type(self) -> str:
        """Insights' name for the type."""
        match self.type:
            case "boolean":
                return "true_or_false"
            case "date":
                return "calendar_date"
            case "datetime":
                return "timestamp"
            case "picklist":
                return "picklist"
            case "id" | "reference":
                return "identifier"
            case _:
                return "number" if self.is_numerical else "text"

    @property
    def format(self) -> str | None:
        """How Insights displays the value: integer, decimal, percent, currency or time. Storage does not change."""
        match self.type:
            case "currency" | "percent" | "time":
                return self.type
            case "int" | "long":
                return "integer"
            case "double":
                return "decimal" if self.scale else "integer"
            case _:
                return None

    @property
    def places(self) -> int | None:
        """How many digits after the point to display; None if the field is not a number."""
        return self.scale if self.is_numerical else None


def fingerprint(fields: Iterable[AccountField]) -> str:
    """Return a short hash of the fields and their types; it changes when describe shows other fields or types."""
    text = json.dumps(sorted((f.name, f.type, f.precision, f.scale, f.is_formula) for f in fields))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
