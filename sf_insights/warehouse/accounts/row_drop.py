"""The guard against losing far more accounts than usual in one day."""

from __future__ import annotations

from sf_insights.domain.problems import GuardRefusal
from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction


def last_count(tx: Transaction, sync: Sync, count: str) -> int | None:
    """Return a column of ops.sync_runs for the last complete sync before this one; None if there is none."""
    rows = tx.execute(
        f"SELECT {count} FROM ops.sync_runs WHERE state = 'complete' AND sync < $sync ORDER BY sync DESC LIMIT 1",
        {"sync": sync.number},
    )
    return rows[0][0] if rows else None


def refuse_row_drop(sync: Sync, sentence: str, before: int | None, now: int) -> None:
    """Compare two account counts.

    Args:
        sync: the sync, with the guard's threshold and the accepted guards.
        sentence: the message, with the placeholders {before} and {now}.
        before: the count in the last complete sync, None if there is none.
        now: the count in this sync.

    Raises:
        GuardRefusal: the drop is larger than `guards.max_row_drop` and was not accepted.
    """
    allowed = sync.configuration.guards.max_row_drop
    if before and now < before * (1 - allowed) and "row-drop" not in sync.accepted:
        raise GuardRefusal(
            sentence.format(now=now, before=before),
            f"A drop of more than {allowed:.0%} is refused. Nothing was changed. If this is correct, accept it for one "
            "run with `sf-insights sync --accept row-drop`.",
        )
