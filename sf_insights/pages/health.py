"""The facts of the health page, and the coordinates of its charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sf_insights.domain.accounts.statuses import MEANINGS
from sf_insights.warehouse.accounts.matches import MatchRate, match_counts, match_rates
from sf_insights.warehouse.fields.counts import field_counts
from sf_insights.warehouse.syncs.history import last_syncs
from sf_insights.warehouse.transaction import Transaction

_SYNCS = 10
_EVENTS = 40
_DAYS = 90
_REJECTED = 50


def facts(tx: Transaction, *, is_held: bool) -> dict[str, Any]:
    """Return everything the page shows; `is_held` is whether another process holds the warehouse."""
    complete = [
        sync
        for (sync,) in tx.execute(
            "SELECT max(sync) FROM ops.sync_runs WHERE state = 'complete' GROUP BY day ORDER BY day DESC LIMIT 2"
        )
    ]
    last, before = [*complete, None, None][:2]
    counts, rates = match_counts(tx), match_rates(tx, _DAYS)
    return {
        "syncs": last_syncs(tx, _SYNCS, is_held=is_held),
        "matches": [
            Slice(name, MEANINGS[name], accounts, accounts / sum(counts.values()))
            for name, accounts in counts.items()
            if accounts
        ],
        "match_rate": rates[0] if rates else None,
        "days": days([(found.day, found.matched, found.accounts) for found in reversed(rates)]),
        "fields": tx.records(
            "SELECT fields.field, coalesce(label, salesforce_label) AS label, category, status, status_since, "
            "status_reason, now.accounts, now.filled, "
            "CASE WHEN now.field IS NOT NULL THEN coalesce(rejected.cells, 0) END AS rejected, "
            "now.filled / nullif(now.accounts, 0) AS share, "
            "now.filled / nullif(now.accounts, 0) - before.filled / nullif(before.accounts, 0) AS change "
            "FROM insights.fields AS fields LEFT JOIN insights.field_labels USING (field) "
            "LEFT JOIN ops.field_stats AS now ON now.sync = $last AND now.field = fields.field "
            "LEFT JOIN ops.rejected_counts AS rejected ON rejected.sync = $last AND rejected.field = fields.field "
            "LEFT JOIN ops.field_stats AS before ON before.sync = $before AND before.field = fields.field "
            "WHERE status != 'deselected' ORDER BY label",
            {"last": last, "before": before},
        ),
        "field_counts": field_counts(tx),
        "rejected": tx.records(
            "SELECT field, cells, text AS example, salesforce_account_id AS account, reason FROM ops.rejected_counts "
            f"WHERE sync = $last ORDER BY cells DESC, field LIMIT {_REJECTED}",
            {"last": last},
        ),
        "rejected_cells": tx.value(
            "SELECT coalesce(sum(cells), 0)::BIGINT FROM ops.rejected_counts WHERE sync = $last", {"last": last}
        ),
        "events": tx.records(
            "SELECT date, field, event, detail FROM insights.field_events "
            f"ORDER BY date DESC, rowid DESC LIMIT {_EVENTS}"
        ),
    }


@dataclass(frozen=True)
class Slice:
    """The accounts of one match status; `share` is between 0 and 1."""

    status: str
    meaning: str
    accounts: int
    share: float


@dataclass(frozen=True)
class Point:
    """One day of the chart, with its coordinates."""

    day: date
    matched: int
    accounts: int
    x: float
    y_matched: float
    y_accounts: float


@dataclass(frozen=True)
class Days:
    """The chart of matched accounts over time, in SVG units: its lines lie within LEFT..RIGHT and TOP..BOTTOM."""

    points: Sequence[Point]
    ticks: Sequence[tuple[float, int]]

    LEFT, RIGHT, TOP, BOTTOM = 56.0, 700.0, 12.0, 168.0

    def line(self, which: str) -> str:
        """Return the points of the polyline "matched" or "accounts"."""
        return " ".join(f"{point.x:.1f},{getattr(point, f'y_{which}'):.1f}" for point in self.points)


def days(rows: Sequence[tuple[date, int, int]]) -> Days:
    """Place each (day, matched, all accounts) by its date; a missed day leaves a gap."""
    if not rows:
        return Days([], [])
    most = max(total for _, _, total in rows) or 1
    step = _round_step(most)
    top = -(-most // step) * step
    first, span = rows[0][0], max(1, (rows[-1][0] - rows[0][0]).days)

    def y(count: int) -> float:
        return Days.BOTTOM - (Days.BOTTOM - Days.TOP) * count / top

    points = [
        Point(
            day,
            matched,
            total,
            Days.LEFT + (Days.RIGHT - Days.LEFT) * ((day - first).days / span if len(rows) > 1 else 0.5),
            y(matched),
            y(total),
        )
        for day, matched, total in rows
    ]
    return Days(points, [(y(count), count) for count in range(0, top + 1, step)])


def _round_step(most: int) -> int:
    """Return 1, 2 or 5 times a power of ten, so that the axis has three to five steps."""
    power: int = 10 ** max(0, len(str(most)) - 1)
    for step in (power // 5, power // 2, power, 2 * power, 5 * power):
        if step and most / step <= 5:
            return step
    return power


def totals(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers at the top of the page."""
    rate: MatchRate | None = found["match_rate"]
    return {
        "accounts": rate.accounts if rate else 0,
        "matched": rate.matched if rate else 0,
        "match_rate": rate.rate if rate else None,
        "fields": found["field_counts"],
        "rejected": found["rejected_cells"],
    }
