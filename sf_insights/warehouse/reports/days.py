"""What changed from day to day: values, matches, fields and how much of each field is filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sf_insights.sql import render
from sf_insights.warehouse.transaction import Transaction

# A field's fill rate is news if it moved by so much.
NOTABLE = 0.01


@dataclass(frozen=True)
class Day:
    """One synced day; `before` is the synced day before it, None for the first.

    `values`, `matches` and `events` are rows of what changed, `fills` the fields that are notably more or less filled.
    """

    day: date
    before: date | None
    values: Sequence[dict[str, Any]]
    matches: Sequence[dict[str, Any]]
    events: Sequence[dict[str, Any]]
    fills: Sequence[dict[str, Any]]

    @property
    def fields(self) -> list[dict[str, Any]]:
        """The changed values by field: its label and category, and `changes` in all and for each reason."""
        found: dict[str, dict[str, Any]] = {}
        for row in self.values:
            field = found.setdefault(row["field"], {**row, "changes": 0, "reasons": []})
            field["changes"] += row["changes"]
            field["reasons"].append((row["reason"], row["changes"]))
        return sorted(found.values(), key=lambda field: (-field["changes"], field["label"]))

    @property
    def is_quiet(self) -> bool:
        return not (self.values or self.matches or self.events or self.fills)


def synced_days(tx: Transaction) -> list[date]:
    """Return the days with a complete sync, the latest first."""
    sql = "SELECT DISTINCT day FROM ops.sync_runs WHERE state = 'complete' ORDER BY day DESC"
    return [day for (day,) in tx.execute(sql)]


def changed_days(tx: Transaction, days: Sequence[date], before: date | None) -> list[Day]:
    """Return what changed on these synced days.

    Args:
        tx: the warehouse or the snapshot.
        days: the latest first, without gaps.
        before: the synced day before the first of them.
    """
    if not days:
        return []
    span = {"since": days[-1], "until": days[0]}
    values = tx.records(render("reports/changed_values"), span)
    matches = tx.records(render("reports/changed_matches"), span)
    events = tx.records(
        "SELECT date AS day, field, event, detail FROM insights.field_events "
        "WHERE date BETWEEN $since AND $until ORDER BY rowid",
        span,
    )
    shares = _shares(tx, before or days[-1], days[0])
    found = []
    for place, day in enumerate(days):
        previous = days[place + 1] if place + 1 < len(days) else before
        found.append(
            Day(
                day,
                previous,
                [row for row in values if row["day"] == day],
                # On the first day every account is new.
                [row for row in matches if row["day"] == day] if previous else [],
                [row for row in events if row["day"] == day],
                _moved(shares, previous, day),
            )
        )
    return found


def compared(tx: Transaction, earlier: date, later: date) -> dict[str, Any]:
    """Return two synced days side by side: the syncs, the matches, the fields, and the values changed in between."""
    span = {"since": earlier, "until": later}
    syncs = {row["day"]: row for row in tx.records(render("reports/sync_of_day"), span)}
    shares = _shares(tx, earlier, later)
    changes: dict[str, int] = {}
    for row in tx.records(render("reports/changed_values"), span):
        if row["day"] > earlier:
            changes[row["field"]] = changes.get(row["field"], 0) + row["changes"]
    names = {name for day in (earlier, later) for name in shares.get(day, {})}
    return {
        "syncs": (syncs.get(earlier), syncs.get(later)),
        "matches": _statuses(tx, earlier, later),
        "fields": [
            {
                "field": name,
                "label": _either(shares, (later, earlier), name, "label") or name,
                "shares": [shares.get(day, {}).get(name, {}).get("share") for day in (earlier, later)],
                "rejected": [shares.get(day, {}).get(name, {}).get("rejected") for day in (earlier, later)],
                "changes": changes.get(name, 0),
            }
            for name in sorted(names, key=lambda name: str(_either(shares, (later, earlier), name, "label")).casefold())
        ],
    }


def _shares(tx: Transaction, since: date, until: date) -> dict[date, dict[str, dict[str, Any]]]:
    found: dict[date, dict[str, dict[str, Any]]] = {}
    for row in tx.records(render("reports/fill_rates"), {"since": since, "until": until}):
        found.setdefault(row["day"], {})[row["field"]] = row
    return found


def _moved(shares: dict[date, dict[str, dict[str, Any]]], before: date | None, day: date) -> list[dict[str, Any]]:
    """Return the fields whose fill rate moved notably from one synced day to the next, the largest move first."""
    if before is None:
        return []
    found = []
    for name, row in shares.get(day, {}).items():
        former = shares.get(before, {}).get(name, {}).get("share")
        if former is not None and row["share"] is not None and abs(row["share"] - former) >= NOTABLE:
            found.append(row | {"former": former})
    return sorted(found, key=lambda row: -abs(row["share"] - row["former"]))


def _statuses(tx: Transaction, earlier: date, later: date) -> list[tuple[str, int, int]]:
    rows = tx.execute(
        "SELECT match_status, sum(accounts) FILTER (day = $since)::BIGINT, sum(accounts) FILTER (day = $until)::BIGINT "
        "FROM ops.match_history WHERE day IN ($since, $until) GROUP BY match_status ORDER BY 3 DESC NULLS LAST, 1",
        {"since": earlier, "until": later},
    )
    return [(status, first or 0, second or 0) for status, first, second in rows]


def _either(shares: dict[date, dict[str, dict[str, Any]]], days: Sequence[date], name: str, key: str) -> Any:
    return next((shares[day][name][key] for day in days if name in shares.get(day, {})), None)
