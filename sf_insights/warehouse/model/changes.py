"""How much a sync changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sf_insights.sql import render
from sf_insights.warehouse.transaction import Transaction


@dataclass(frozen=True)
class Changes:
    """How much the sync of a day changed: values of attributes and metrics together, and the accounts they are of."""

    values: int
    accounts: int


def changes_of(tx: Transaction, day: date) -> Changes:
    """Count what the last complete sync, which is of this day, changed; works in the warehouse and in its snapshot."""
    [(values, accounts)] = tx.execute(
        f"SELECT count(*), count(DISTINCT account_id) FROM ({render('ops/changed_values')})", {"day": day}
    )
    return Changes(values, accounts)
