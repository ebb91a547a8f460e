"""The syncs so far, as people are told of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from sf_insights.warehouse.transaction import Transaction


def last_syncs(tx: Transaction, most: int, *, is_held: bool) -> list[dict[str, Any]]:
    """The last syncs, newest first, as people are told of them: `seconds` is None where a clock went back meanwhile.

    Args:
        tx: the warehouse, or the published snapshot.
        most: how many.
        is_held: whether somebody holds the warehouse; if not, nobody works on a sync that seems to run: it died.
    """
    rows = tx.records(
        "SELECT sync, day, state, reason, run_id, accepted, opened_at, ended_at, published_at, matched_accounts, "
        "zuora_accounts, salesforce_accounts, read_by, downgrade_reason, salesforce_api_calls, salesforce_read_at, "
        "CASE WHEN ended_at >= opened_at THEN epoch(ended_at - opened_at) END AS seconds "
        "FROM ops.sync_runs ORDER BY sync DESC LIMIT $most",
        {"most": most},
    )
    for row in rows:
        if row["state"] == "running" and not is_held:
            row |= {"state": "died", "reason": "Its process ended before it was complete; the next sync repairs it."}
    return rows


def day_is_complete(tx: Transaction, day: date) -> bool:
    """Whether a sync of this day has been complete before."""
    return bool(tx.value("SELECT count(*) FROM ops.sync_runs WHERE state = 'complete' AND day = $day", {"day": day}))
