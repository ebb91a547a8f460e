"""ops.metric_history and ops.metric_summary: the intervals of each metric's values, and the figures of each day."""

from __future__ import annotations

from collections.abc import Sequence

from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction


def write_metrics(tx: Transaction, sync: Sync, metrics: Sequence[str]) -> None:
    """Close the intervals that end today and open those that begin, from what `write_attributes` left."""
    tx.run(
        "ops/metric_history",
        {"day": sync.day, "metrics": metrics},
        metrics=metrics,
        is_first=tx.is_empty("ops.metric_history"),
    )


def summarize_metrics(tx: Transaction, sync: Sync) -> None:
    """Write the day's figures of each metric and currency."""
    tx.run("ops/metric_summary", {"day": sync.day})


def metric_points(tx: Transaction) -> int:
    """How many rows insights.account_metrics has, without expanding it: the summaries count them by day."""
    return int(tx.value("SELECT coalesce(sum(accounts), 0) FROM insights.metric_summary"))
