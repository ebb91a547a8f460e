"""What Salesforce says of a target field, and which values it can hold.

Source: Salesforce, "Field types" and "DescribeSObjectResult" of the Object Reference and the SOAP API Developer Guide.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any, Literal, Self

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.outbound.settings import (
    BOOLEAN_COMBINATIONS,
    NUMERICAL_COMBINATIONS,
    OutboundField,
    OutboundSync,
)
from sf_insights.domain.problems import ConfigurationProblem

TargetKind = Literal["text", "number", "checkbox", "date", "datetime", "multipicklist"]
SourceKind = Literal["text", "number", "boolean", "date", "timestamp", "time"]

_KINDS: dict[str, TargetKind] = {
    "string": "text",
    "textarea": "text",
    "email": "text",
    "url": "text",
    "phone": "text",
    "picklist": "text",
    "combobox": "text",
    "multipicklist": "multipicklist",
    "double": "number",
    "currency": "number",
    "percent": "number",
    "int": "number",
    "long": "number",
    "boolean": "checkbox",
    "date": "date",
    "datetime": "datetime",
}
_SOURCES: dict[TargetKind, frozenset[SourceKind]] = {
    "text": frozenset({"text", "number", "boolean", "date", "timestamp", "time"}),
    "multipicklist": frozenset({"text"}),
    "number": frozenset({"number"}),
    "checkbox": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "datetime": frozenset({"timestamp"}),
}
_INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)


@dataclass(frozen=True)
class Target:
    """One Salesforce field that gets values, from describe.

    `length` counts characters, `digits` the digits before the point. `allowed` has the active values of a restricted
    picklist, None where anything goes.
    """

    name: str
    label: str
    type: str
    kind: TargetKind
    length: int
    digits: int
    scale: int
    allowed: tuple[str, ...] | None
    is_updateable: bool

    @classmethod
    def from_describe(cls, entry: Mapping[str, Any]) -> Self | None:
        """Return the target of one entry of describe's `fields`; None if its type cannot be written."""
        kind = _KINDS.get(entry["type"])
        if kind is None:
            return None
        scale = int(entry.get("scale") or 0)
        digits = int(entry.get("digits") or 0) or max(int(entry.get("precision") or 0) - scale, 0)
        values = entry.get("picklistValues") or ()
        restricted = bool(entry.get("restrictedPicklist"))
        allowed = tuple(str(value["value"]) for value in values if value.get("active")) if restricted else None
        writable = entry.get("updateable") and not entry.get("calculated") and not entry.get("autoNumber")
        return cls(
            name=entry["name"],
            label=entry.get("label") or entry["name"],
            type=entry["type"],
            kind=kind,
            length=int(entry.get("length") or 0),
            digits=digits,
            scale=scale,
            allowed=allowed,
            is_updateable=bool(writable),
        )

    @property
    def fingerprint(self) -> str:
        """A hash of what decides which values the field accepts; a held value is tried again when it changes."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


def targets_of(outbound: OutboundSync, describe: Mapping[str, Any]) -> list[Target]:
    """Return the targets in the order of the entries.

    Raises:
        ConfigurationProblem: the object or a field cannot be written; names each one with the remedy.
    """
    name = describe["name"]
    if name != outbound.object:
        raise ConfigurationProblem(
            f"outbound: object: Salesforce spells {outbound.object} as {name}.", f"Write `object: {name}`."
        )
    if not describe.get("updateable") or not describe.get("queryable"):
        raise ConfigurationProblem(
            f"outbound: the user may not read and edit {name}.",
            f"Give it Read, Edit, View All and Modify All on {name}.",
        )
    described = by_name_of(describe)
    if outbound.match is not None:
        _check_match(outbound.match.to, described, name)
    return [_target(number, entry, described, name) for number, entry in enumerate(outbound.fields, 1)]


def by_name_of(describe: Mapping[str, Any]) -> ByApiName[Mapping[str, Any]]:
    """The entries of a describe by API name."""
    return ByApiName((entry["name"], entry) for entry in describe["fields"])


def _target(number: int, entry: OutboundField, described: ByApiName[Mapping[str, Any]], object_name: str) -> Target:
    where = f"outbound: fields, entry {number}"
    found = described.get(entry.to)
    if found is None:
        raise ConfigurationProblem(
            f"{where}: the user sees no field {entry.to} on {object_name}{_nearest(entry.to, described)}.",
            "Make the custom field in Setup, and give the user Edit on it (field-level security).",
        )
    if found.get("calculated"):
        raise ConfigurationProblem(
            f"{where}: {entry.to} is a formula, which Salesforce fills.", "Choose another field."
        )
    if found.get("autoNumber"):
        raise ConfigurationProblem(
            f"{where}: {entry.to} is an automatic number, which Salesforce fills.", "Choose another field."
        )
    target = Target.from_describe(found)
    if target is None:
        raise ConfigurationProblem(
            f"{where}: {entry.to} has the type {found['type']}, which is not written.",
            "Use a text, number, checkbox, date, date/time or picklist field.",
        )
    if not target.is_updateable:
        raise ConfigurationProblem(
            f"{where}: the user may not edit {entry.to}.", "Give it Edit on the field (field-level security)."
        )
    if entry.nulls == "false" and target.kind != "checkbox":
        raise ConfigurationProblem(
            f"{where}: `nulls: false` is for checkboxes, and {entry.to} is of the type {target.type}.",
            "Write `nulls: clear` or `nulls: keep`.",
        )
    if entry.existing == "only_if_empty" and target.kind == "checkbox":
        raise ConfigurationProblem(
            f"{where}: `existing: only_if_empty` would never write {entry.to}: a checkbox is never empty.",
            "Write `existing: overwrite` or `existing: keep_edits`.",
        )
    if target.type == "currency" and entry.currency is None and "CurrencyIsoCode" in described:
        raise ConfigurationProblem(
            f"{where}: the org has several currencies, and nothing says in which one the amount for {entry.to} is.",
            "Name the column with the amount's currency, such as `currency: zuora_currency`.",
        )
    return target


def _check_match(to: str, described: ByApiName[Mapping[str, Any]], object_name: str) -> None:
    found = described.get(to)
    if found is None:
        raise ConfigurationProblem(
            f"outbound: match: the user sees no field {to} on {object_name}{_nearest(to, described)}.",
            "Correct the name, or give the user Read on the field.",
        )
    if not found.get("filterable", True):
        raise ConfigurationProblem(
            f"outbound: match: Salesforce cannot search by {to} ({found['type']}).",
            "Use a text, number or id field; an External ID field is the fastest.",
        )


def _nearest(name: str, described: ByApiName[Mapping[str, Any]]) -> str:
    near = get_close_matches(name, list(described), n=3)
    return f" (similar: {', '.join(near)})" if near else ""


def of_entry_alone(what: str, to: str) -> str:
    """Return what is wrong with an entry that was checked alone, without the number 1 that it has there."""
    return what.removeprefix("outbound: fields, entry 1").removeprefix(f" ({to})").removeprefix(": ")


def source_kind(duckdb_type: str) -> SourceKind | None:
    """Return the kind of a column of this DuckDB type; None if its values are not single values."""
    if duckdb_type in _INTEGERS or duckdb_type in ("DOUBLE", "FLOAT") or duckdb_type.startswith("DECIMAL("):
        return "number"
    if duckdb_type.startswith("TIMESTAMP"):
        return "timestamp"
    kinds: dict[str, SourceKind] = {
        "VARCHAR": "text",
        "UUID": "text",
        "BOOLEAN": "boolean",
        "DATE": "date",
        "TIME": "time",
    }
    return kinds.get(duckdb_type) or ("text" if duckdb_type.startswith("ENUM(") else None)


def check_sources(outbound: OutboundSync, columns: Mapping[str, str], relation: str) -> None:
    """Check that the columns that entries name exist and have single values. Needs no network.

    Args:
        outbound: the block.
        columns: the source's columns with their DuckDB types.
        relation: what the columns are of, for the message.

    Raises:
        ConfigurationProblem: names the entry, and the nearest columns.
    """
    named = [(f"fields, entry {number} ({entry.to})", entry.source) for number, entry in enumerate(outbound.fields, 1)]
    named += [
        (f"fields, entry {number} ({entry.to}): currency", entry.currency)
        for number, entry in enumerate(outbound.fields, 1)
        if entry.currency
    ]
    if outbound.match is not None:
        named.append(("match", outbound.match.source))
    for where, column in named:
        if column not in columns:
            near = get_close_matches(column, list(columns), n=3)
            hint = f"Similar: {', '.join(near)}." if near else f"It has {', '.join(list(columns)[:20])}."
            raise ConfigurationProblem(f"outbound: {where}: {relation} has no column {column}.", hint)
        if source_kind(columns[column]) is None:
            raise ConfigurationProblem(
                f"outbound: {where}: {column} has the type {columns[column]}, which is not a single value.",
                "Choose another column, or write a SELECT under `values:` that turns it into text.",
            )


def check_kinds(outbound: OutboundSync, columns: Mapping[str, str], targets: list[Target]) -> None:
    """Check that each target can hold values of its source's kind.

    Raises:
        ConfigurationProblem: names source, target and both kinds.
    """
    for number, (entry, target) in enumerate(zip(outbound.fields, targets, strict=True), 1):
        kind = combined_kind(entry, source_kind(columns[entry.source]))
        where = f"outbound: fields, entry {number}"
        if kind is None:
            raise ConfigurationProblem(
                f"{where}: `combine: {entry.combine}` does not fit {entry.source} ({columns[entry.source]}).",
                "sum, min and max need numbers or dates; any and all need true or false.",
            )
        if kind not in _SOURCES[target.kind]:
            raise ConfigurationProblem(
                f"{where}: {entry.source} is a {kind} and {target.name} is a {target.kind} field ({target.type}).",
                f"Make a {_fitting(kind)} field, or convert the value in a SELECT under `values:`.",
            )


def combined_kind(entry: OutboundField, kind: SourceKind | None) -> SourceKind | None:
    """Return the kind of an entry's combined value; None if the combination does not fit the source."""
    if entry.combine == "count":
        return "number"
    if entry.combine == "list":
        return "text"
    if entry.combine == "sum":
        return "number" if kind == "number" else None
    if entry.combine in NUMERICAL_COMBINATIONS:
        return kind if kind in ("number", "date", "timestamp") else None
    if entry.combine in BOOLEAN_COMBINATIONS:
        return "boolean" if kind == "boolean" else None
    return kind


def _fitting(kind: SourceKind) -> str:
    return {"boolean": "Checkbox", "number": "Number", "date": "Date", "timestamp": "Date/Time"}.get(kind, "Text")
