"""Count what a sync changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sf_insights.domain.fields.statuses import VISIBLE
from sf_insights.sql import render
from sf_insights.warehouse.transaction import Transaction


@dataclass(frozen=True)
class Changes:
    """How many values of attributes and metrics the sync of a day changed, and in how many accounts."""

    values: int
    accounts: int


def changes_of(tx: Transaction, day: date) -> Changes:
    """Count what the last complete sync changed, in the warehouse or the snapshot. `day` must be that sync's day."""
    if not tx.value("SELECT count(*) FROM insights.field_days WHERE source = 'sync' AND date < $day", {"day": day}):
        return Changes(0, 0)  # the first values are not changes
    [(values, accounts)] = tx.execute(
        f"SELECT count(*), count(DISTINCT account_id) FROM ({render('ops/changed_values')})", {"day": day}
    )
    return Changes(values, accounts)


def changes_of_attributes(tx: Transaction) -> int:
    """Return the row count of insights.attribute_changes, without the names that the view joins."""
    return int(
        tx.value(
            "SELECT count(*) FROM ops.attribute_changes WHERE field IN ("
            "SELECT field FROM insights.fields WHERE category = 'attribute' AND status IN (SELECT unnest($visible)))",
            {"visible": list(VISIBLE)},
        )
    )
