"""Count what a sync changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sf_insights.sql import render
from sf_insights.warehouse.transaction import Transaction


@dataclass(frozen=True)
class Changes:
    """How many values of attributes and metrics the sync of a day changed, and in how many accounts."""

    values: int
    accounts: int


def changes_of(tx: Transaction, day: date) -> Changes:
    """Count what the last complete sync changed, in the warehouse or the snapshot. `day` must be that sync's day."""
    [(values, accounts)] = tx.execute(
        f"SELECT count(*), count(DISTINCT account_id) FROM ({render('ops/changed_values')})", {"day": day}
    )
    return Changes(values, accounts)
