"""What the warehouse keeps about fields: the org's catalog, the plan of a sync, states, events and labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sf_insights.domain.api_names import ByApiName, by_name, spelled_as
from sf_insights.domain.field_types import AccountField, Category
from sf_insights.domain.labels import FieldLabel, LabelWish
from sf_insights.domain.lifecycle import FieldEvent, FieldState
from sf_insights.domain.planning import KnownField, PlannedField
from sf_insights.domain.selection import AccountFieldSync
from sf_insights.domain.soql import OWN_NAMES
from sf_insights.resources import syncs
from sf_insights.resources.settings import now
from sf_insights.resources.warehouse import Transaction


def save_catalog(tx: Transaction, described: Iterable[AccountField], day: date) -> list[AccountField]:
    """Keep what describe shows now, and of what it shows no longer since when it does not.

    Returns the described fields in the spelling in which the catalog first saw each; every other table uses that one.
    """
    held = {row["field"]: row for row in tx.records("SELECT * FROM salesforce.account_fields")}
    fields = spelled_as([*OWN_NAMES, *held], described)
    present = {field.name for field in fields}
    tx.replace(
        "salesforce.account_fields",
        [
            *({**_field_row(field), **_catalog_row(field), "vanished_on": None} for field in fields),
            *({**row, "vanished_on": row["vanished_on"] or day} for name, row in held.items() if name not in present),
        ],
    )
    return fields


def load_catalog(tx: Transaction) -> ByApiName[AccountField]:
    """The fields that the last describe showed, by API name."""
    rows = tx.records("SELECT * FROM salesforce.account_fields WHERE vanished_on IS NULL")
    return by_name(_field(row) for row in rows)


def known_fields(tx: Transaction, day: date | None = None) -> ByApiName[KnownField]:
    """Every field the org ever showed, as a sync of this day starts from it; of a day to come when there is none."""
    known = ByApiName(
        (row["field"], KnownField(row["field"], row["label"], row["type"]))
        for row in tx.records("SELECT field, label, type FROM salesforce.account_fields")
    )
    states = load_states(tx) if day is None else states_before(tx, day)
    for state in states.values():
        last_read = AccountField(state.field, state.salesforce_label, state.salesforce_type)
        known[state.field] = KnownField(
            last_read.name, last_read.label, last_read.type, last_read.column if state.is_visible else None
        )
    return known


def _field_row(field: AccountField) -> dict[str, Any]:
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


def _field(row: dict[str, Any]) -> AccountField:
    names = ("label", "type", "length", "precision", "scale", "is_formula", "help_text")
    optional = {name: row[name] for name in ("is_custom", "compound_field") if name in row}
    return AccountField(name=row["field"], **{name: row[name] for name in names}, **optional)


def save_plan(tx: Transaction, sync: int, plan: Iterable[PlannedField]) -> None:
    """Keep what a sync does with each selected field."""
    tx.replace(
        "salesforce.selected_fields",
        [
            {
                "sync": sync,
                **_field_row(planned.field),
                "category": planned.category,
                "description": planned.description,
                "paused_because": planned.paused_because,
            }
            for planned in plan
        ],
    )


def load_plan(tx: Transaction) -> list[PlannedField]:
    """What the last planned sync does with each selected field, in the file's order."""
    return [
        PlannedField(_field(row), row["category"], row["description"], row["paused_because"])
        for row in tx.records("SELECT * FROM salesforce.selected_fields ORDER BY rowid")
    ]


def load_states(tx: Transaction) -> ByApiName[FieldState]:
    """insights.fields, by field."""
    return _states_in(tx, "insights.fields")


def states_before(tx: Transaction, day: date) -> ByApiName[FieldState]:
    """The states that a sync of this day starts from, by field: what an earlier sync of the same day did is undone."""
    return _states_in(tx, "ops.undo_fields" if syncs.day_is_complete(tx, day) else "insights.fields")


def _states_in(tx: Transaction, table: str) -> ByApiName[FieldState]:
    return ByApiName((row["field"], FieldState(**row)) for row in tx.records(f"SELECT * FROM {table}"))


def save_states(tx: Transaction, states: Iterable[FieldState], events: Iterable[FieldEvent], day: date) -> None:
    """Replace insights.fields and add the day's events."""
    tx.execute("DELETE FROM insights.fields")
    tx.insert("insights.fields", [vars(state) for state in states])
    tx.insert("insights.field_events", [{"date": day, **vars(event)} for event in events])


def earlier_syncs(tx: Transaction, before: date) -> dict[tuple[str, Category], tuple[datetime, datetime]]:
    """When each field was first and last synced as each category, on days before this one."""
    rows = tx.execute(
        """SELECT field, category, min(opened_at), max(opened_at)
           FROM insights.field_days JOIN ops.sync_runs ON day = date
           WHERE date < $day AND state = 'complete' GROUP BY field, category""",
        {"day": before},
    )
    return {(field, category): (first, last) for field, category, first, last in rows}


def last_days(tx: Transaction, category: Category) -> dict[str, date]:
    """The last day on which each field was synced as this category."""
    return dict(
        tx.execute(
            "SELECT field, max(date) FROM insights.field_days WHERE category = $category GROUP BY field",
            {"category": category},
        )
    )


def load_labels(tx: Transaction) -> ByApiName[FieldLabel]:
    """Every label there is, by field."""
    rows = tx.execute("SELECT field, label, default_label, label_source FROM insights.field_labels")
    return ByApiName((row[0], FieldLabel(*row)) for row in rows)


def save_labels(tx: Transaction, labels: Iterable[FieldLabel]) -> None:
    """Write the labels that are new or changed, and nothing else."""
    before = load_labels(tx)
    changed = [label for label in labels if before.get(label.field) != label]
    for label in changed:
        tx.execute("DELETE FROM insights.field_labels WHERE field = $field", {"field": label.field})
    tx.insert(
        "insights.field_labels",
        [
            {
                "field": label.field,
                "label": label.text,
                "default_label": label.default,
                "label_source": label.source,
                "updated_at": now(),
            }
            for label in changed
        ],
    )


def label_wishes(configuration: AccountFieldSync, plan: Iterable[PlannedField]) -> list[LabelWish]:
    """What the file says of the label of each planned field."""
    said = configuration.by_field
    wishes = []
    for planned in plan:
        entry = said.get(planned.name)
        wish = LabelWish(planned.name, planned.field.label)
        if entry is not None:  # it is still selected
            wish = replace(wish, says=entry.says_label, text=entry.label)
        wishes.append(wish)
    return wishes
