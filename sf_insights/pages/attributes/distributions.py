"""How the values of each field are distributed in the published snapshot, with the coordinates of the charts."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sf_insights.domain.fields.lifecycle import FieldState
from sf_insights.settings.environment import Places
from sf_insights.sql import render
from sf_insights.warehouse.fields.states import load_states
from sf_insights.warehouse.reading import reading_snapshot
from sf_insights.warehouse.transaction import Transaction

_TOP, _TOP_NUMBERS, _BINS, _DAYS = 5, 3, 12, 90
WIDTH, HEIGHT, LINE_HEIGHT = 240.0, 48.0, 24.0


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram, in SVG units, with the values that it covers."""

    low: float
    high: float
    accounts: int
    x: float
    width: float
    height: float


@dataclass(frozen=True)
class Distribution:
    """The values of one field over the matched accounts.

    `top` has the most frequent values with their accounts. `bars`, `low`, `middle` and `high` are of numbers only.
    `filled` has the share of the org's Accounts with a value, by synced day, oldest first.
    """

    accounts: int
    distinct: int
    top: Sequence[tuple[Any, int]]
    bars: Sequence[Bar] = ()
    low: float | None = None
    middle: float | None = None
    high: float | None = None
    filled: Sequence[tuple[date, float]] = ()

    @property
    def line(self) -> str:
        """The points of the polyline of `filled`, in SVG units."""
        if not self.filled:
            return ""
        first = self.filled[0][0]
        span = max(1, (self.filled[-1][0] - first).days)
        return " ".join(
            f"{4 + (WIDTH - 8) * (day - first).days / span:.1f},{3 + (LINE_HEIGHT - 6) * (1 - share):.1f}"
            for day, share in self.filled
        )


class Distributions:
    """Reads each snapshot once, since a published file never changes."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._key: tuple[int, int] | None = None
        self._kept: Mapping[str, Distribution] = {}

    def get(self) -> Mapping[str, Distribution]:
        """Return the distribution of each visible field, by API name; none before the first sync.

        Raises:
            WarehouseProblem: the snapshot cannot be opened.
        """
        with self._lock:
            try:
                stat = self._places.snapshot.stat()
            except FileNotFoundError:
                return {}
            if (key := (stat.st_ino, stat.st_mtime_ns)) != self._key:
                with reading_snapshot(self._places.snapshot) as tx:
                    self._kept = _read(tx)
                self._key = key
            return self._kept


def _read(tx: Transaction) -> dict[str, Distribution]:
    filled: dict[str, list[tuple[date, float]]] = {}
    for field, day, share in tx.execute(render("pages/fill_over_time"), {"days": _DAYS}):
        filled.setdefault(field, []).append((day, share))
    return {
        state.field: _distribution(tx, state, filled.get(state.field, ()))
        for state in load_states(tx).values()
        if state.is_visible
    }


def _distribution(tx: Transaction, state: FieldState, filled: Sequence[tuple[date, float]]) -> Distribution:
    names = {"field": state.field, "is_metric": state.category == "metric", "top": _TOP, "bins": _BINS}
    top = tx.records(render("pages/top_values", **names))
    accounts, distinct = (top[0]["all_accounts"], top[0]["all_values"]) if top else (0, 0)
    shown = Distribution(accounts, distinct, [(row["value"], row["accounts"]) for row in top], filled=filled)
    if state.data_type != "number" or not top:
        return shown
    bins = tx.records(render("pages/histogram", **names))
    most = max(row["accounts"] for row in bins)
    step = WIDTH / len(bins)
    return replace(
        shown,
        top=shown.top[:_TOP_NUMBERS],
        bars=[
            Bar(
                row["low"],
                row["high"],
                row["accounts"],
                x=number * step,
                width=max(1.0, step - 2),
                height=max(1.0, HEIGHT * row["accounts"] / most) if row["accounts"] else 0.0,
            )
            for number, row in enumerate(bins)
        ],
        low=bins[0]["least"],
        middle=bins[0]["middle"],
        high=bins[0]["most"],
    )
