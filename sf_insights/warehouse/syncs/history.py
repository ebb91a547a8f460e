"""Read the history of syncs."""

from __future__ import annotations

from datetime import date
from typing import Any

from sf_insights.sql import render
from sf_insights.warehouse.transaction import Transaction


def last_syncs(tx: Transaction, most: int, *, is_held: bool) -> list[dict[str, Any]]:
    """Return the last syncs, newest first, as commands and pages show them.

    Args:
        tx: the warehouse, or the published snapshot.
        most: how many.
        is_held: whether a process holds the warehouse. If none does, a sync that is still `running` has died.
    """
    rows = tx.records(render("ops/last_syncs"), {"most": most})
    for row in rows:
        if row["state"] == "running" and not is_held:
            row |= {"state": "died", "reason": "Its process ended before it was complete; the next sync repairs it."}
    return rows


def day_is_complete(tx: Transaction, day: date) -> bool:
    """Tell whether a sync of this day is already complete."""
    return bool(tx.value("SELECT count(*) FROM ops.sync_runs WHERE state = 'complete' AND day = $day", {"day": day}))
