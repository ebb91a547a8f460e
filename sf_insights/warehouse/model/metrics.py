"""ops.metric_history and ops.metric_summary: each metric's values as intervals of days, and daily totals."""

from __future__ import annotations

from collections.abc import Sequence

from sf_insights.warehouse.model.extent import Extent
from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction


def write_metrics(tx: Transaction, sync: Sync, extent: Extent, metrics: Sequence[str]) -> None:
    """Close the intervals that end today and open those that begin, from the relations of `write_attributes`."""
    if not tx.value("SELECT count(*) FROM ops.metric_history WHERE source = 'sync'"):
        extent = "first"
    _write(tx, sync, metrics, "todays_values", extent)


def begin_metrics(tx: Transaction, sync: Sync, metrics: Sequence[str], values: str) -> None:
    """Open the intervals of metrics that no sync had before, from a relation with their values and the currency."""
    _write(tx, sync, metrics, values, None)


def _write(tx: Transaction, sync: Sync, metrics: Sequence[str], source: str, extent: Extent | None) -> None:
    tx.run(
        "ops/metric_history",
        {"day": sync.day, "metrics": metrics},
        metrics=metrics,
        source=source,
        extent=extent,
    )


def summarize_metrics(tx: Transaction, sync: Sync, metrics: Sequence[str]) -> None:
    """Write the day's summary of each metric and currency."""
    tx.run("ops/metric_summary", {"day": sync.day}, metrics=metrics)


def metric_points(tx: Transaction) -> int:
    """Return the row count of insights.account_metrics, from the daily summaries instead of the slow view."""
    return int(tx.value("SELECT coalesce(sum(accounts), 0) FROM insights.metric_summary"))
