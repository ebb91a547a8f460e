"""salesforce.account_fields: the Account fields that the org's describe call shows now or showed earlier."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sf_insights.domain.fields.api_names import ByApiName, by_name, spelled_as
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.fields.plan import KnownField
from sf_insights.domain.soql import OWN_NAMES
from sf_insights.warehouse.fields.states import load_states, states_before
from sf_insights.warehouse.transaction import Transaction


def save_catalog(tx: Transaction, described: Iterable[AccountField], day: date) -> list[AccountField]:
    """Save the described fields, and for fields that vanished, since when.

    Returns the described fields in the spelling that the catalog first saw, which all other tables use.
    """
    held = {row["field"]: row for row in tx.records("SELECT * FROM salesforce.account_fields")}
    fields = spelled_as([*OWN_NAMES, *held], described)
    present = {field.name for field in fields}
    tx.replace(
        "salesforce.account_fields",
        [
            *({**field_row(field), **_catalog_row(field), "vanished_on": None} for field in fields),
            *({**row, "vanished_on": row["vanished_on"] or day} for name, row in held.items() if name not in present),
        ],
    )
    return fields


def load_catalog(tx: Transaction) -> ByApiName[AccountField]:
    """Return the fields that the last describe call showed, by API name."""
    rows = tx.records("SELECT * FROM salesforce.account_fields WHERE vanished_on IS NULL")
    return by_name(field_of(row) for row in rows)


def known_fields(tx: Transaction, day: date | None = None) -> ByApiName[KnownField]:
    """Return every field that the org ever showed, as known before a sync of this day; without `day`, as known now."""
    shown = by_name(field_of(row) for row in tx.records("SELECT * FROM salesforce.account_fields"))
    known = ByApiName(
        (name, KnownField(name, field.label, field.type, is_formula=field.is_formula, help_text=field.help_text))
        for name, field in shown.items()
    )
    states = load_states(tx) if day is None else states_before(tx, day)
    for state in states.values():
        last_read = AccountField(state.field, state.salesforce_label, state.salesforce_type)
        known[state.field] = KnownField(
            last_read.name,
            last_read.label,
            last_read.type,
            last_read.column if state.is_visible else None,
            state.is_formula,
            shown[state.field].help_text if state.field in shown else None,
        )
    return known


def field_row(field: AccountField) -> dict[str, Any]:
    """Return a field as the columns that the catalog and the plan share."""
    return {
        "field": field.name,
        "label": field.label,
        "type": field.type,
        "length": field.length,
        "precision": field.precision,
        "scale": field.scale,
        "is_formula": field.is_formula,
        "help_text": field.help_text,
    }


def _catalog_row(field: AccountField) -> dict[str, Any]:
    return {"is_custom": field.is_custom, "compound_field": field.compound_field}


def field_of(row: dict[str, Any]) -> AccountField:
    """Return the field of a row of the catalog or of the plan."""
    names = ("label", "type", "length", "precision", "scale", "is_formula", "help_text")
    optional = {name: row[name] for name in ("is_custom", "compound_field") if name in row}
    return AccountField(name=row["field"], **{name: row[name] for name in names}, **optional)
