"""insights.fields, insights.field_events and insights.field_days: the state and history of each field."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import Category
from sf_insights.domain.fields.lifecycle import FieldEvent, FieldState
from sf_insights.sql import render
from sf_insights.warehouse.syncs.history import day_is_complete
from sf_insights.warehouse.transaction import Transaction


def load_states(tx: Transaction) -> ByApiName[FieldState]:
    """Return the current state of each field."""
    return _states_in(tx, "insights.fields")


def states_before(tx: Transaction, day: date) -> ByApiName[FieldState]:
    """Return the state of each field before this day, without the changes of an earlier sync of the same day."""
    return _states_in(tx, "ops.undo_fields" if day_is_complete(tx, day) else "insights.fields")


def inactive_fields(tx: Transaction, day: date, names: Iterable[str]) -> set[str]:
    """Return the fields that neither the last complete sync nor the last one of an earlier day read."""
    states = load_states(tx), states_before(tx, day)
    return {name for name in names if not any(name in known and known[name].status == "active" for known in states)}


def _states_in(tx: Transaction, table: str) -> ByApiName[FieldState]:
    return ByApiName((row["field"], FieldState(**row)) for row in tx.records(f"SELECT * FROM {table}"))


def save_states(tx: Transaction, states: Iterable[FieldState], events: Iterable[FieldEvent], day: date) -> None:
    """Replace insights.fields and add the day's events."""
    tx.execute("DELETE FROM insights.fields")
    tx.insert("insights.fields", [vars(state) for state in states])
    tx.insert("insights.field_events", [{"date": day, **vars(event)} for event in events])


def earlier_syncs(tx: Transaction, before: date) -> dict[tuple[str, Category], tuple[datetime, datetime]]:
    """Return when each field was first and last synced in each category, on days before this one."""
    rows = tx.execute(render("ops/earlier_syncs"), {"day": before})
    return {(field, category): (first, last) for field, category, first, last in rows}


def synced_days(tx: Transaction) -> dict[str, dict[Category, tuple[date, date]]]:
    """Return the first and the last day on which a sync read each field in each category."""
    days: dict[str, dict[Category, tuple[date, date]]] = {}
    sql = "SELECT field, category, min(date), max(date) FROM insights.field_days WHERE source = 'sync' GROUP BY ALL"
    for field, category, first, last in tx.execute(sql):
        days.setdefault(field, {})[category] = (first, last)
    return days


def last_days(tx: Transaction, category: Category) -> dict[str, date]:
    """Return the last day on which each field was synced in this category."""
    return dict(
        tx.execute(
            "SELECT field, max(date) FROM insights.field_days "
            "WHERE category = $category AND source = 'sync' GROUP BY field",
            {"category": category},
        )
    )
