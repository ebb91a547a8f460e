"""The guard against a list that lost far more accounts than a day loses."""

from __future__ import annotations

from sf_insights.domain.problems import GuardRefusal
from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction


def last_count(tx: Transaction, sync: Sync, count: str) -> int | None:
    rows = tx.execute(
        f"SELECT {count} FROM ops.sync_runs WHERE state = 'complete' AND sync < $sync ORDER BY sync DESC LIMIT 1",
        {"sync": sync.number},
    )
    return rows[0][0] if rows else None


def refuse_row_drop(sync: Sync, sentence: str, before: int | None, now: int) -> None:
    allowed = sync.configuration.guards.max_row_drop
    if before and now < before * (1 - allowed) and "row-drop" not in sync.accepted:
        raise GuardRefusal(
            sentence.format(now=now, before=before),
            f"A drop of more than {allowed:.0%} is refused, and nothing was changed. If it is right, accept it for one "
            "run with `sf-insights sync --accept row-drop`.",
        )
