"""salesforce.selected_fields: the plan of a sync, made from the configuration file and the catalog."""

from __future__ import annotations

from collections.abc import Iterable

from sf_insights.domain.fields.plan import PlannedField, plan_fields
from sf_insights.warehouse.fields.catalog import field_of, field_row, known_fields, load_catalog
from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction


def make_plan(tx: Transaction, sync: Sync) -> list[PlannedField]:
    """Decide what this sync does with each selected field, and save it.

    Raises:
        ConfigurationProblem: the org never had a field, or a field cannot have its category.
    """
    known = known_fields(tx, sync.day)
    plan = plan_fields(sync.configuration.fields, load_catalog(tx), known)
    save_plan(tx, sync.number, plan)
    return plan


def save_plan(tx: Transaction, sync: int, plan: Iterable[PlannedField]) -> None:
    """Save what a sync does with each selected field."""
    tx.replace(
        "salesforce.selected_fields",
        [
            {
                "sync": sync,
                **field_row(planned.field),
                "category": planned.category,
                "description": planned.description,
                "paused_because": planned.paused_because,
            }
            for planned in plan
        ],
    )


def load_plan(tx: Transaction) -> list[PlannedField]:
    """Return what the last planned sync does with each selected field, in the order of the configuration file."""
    return [
        PlannedField(field_of(row), row["category"], row["description"], row["paused_because"])
        for row in tx.records("SELECT * FROM salesforce.selected_fields ORDER BY rowid")
    ]
