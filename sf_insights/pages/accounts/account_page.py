"""What the page of one account shows, from the facts of the snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sf_insights.domain.accounts.periods import Period, summary
from sf_insights.domain.accounts.statuses import MEANINGS, REASONS_OF_CHANGES
from sf_insights.domain.wording import counted
from sf_insights.pages.accounts.charts import Chart, chart
from sf_insights.pages.accounts.values import shown
from sf_insights.warehouse.reports.account import Account, AttributeValues, MetricValues

_DAYS_OF_CHANGES = 30
_MOST_CHANGES = 60
_MOST_PERIODS = 20
_DAYS_OF_CHARTS = 400


@dataclass(frozen=True)
class Shown:
    """A value with its days; `until` is the day of the next value."""

    text: str | None
    since: date
    until: date | None
    is_older: bool


@dataclass(frozen=True)
class Attribute:
    """One row of the attributes; `more` counts the earlier values that are left out."""

    field: dict[str, Any]
    now: Shown
    earlier: list[Shown]
    more: int


@dataclass(frozen=True)
class Metric:
    """One chart; without days there is none. `said` describes it to people who do not see it."""

    field: dict[str, Any]
    now: str | None
    chart: Chart | None
    figures: list[tuple[str, str | None]]
    days: int
    first: date | None
    last: date | None
    said: str
    periods: list[Shown]
    more: int


@dataclass(frozen=True)
class Changed:
    """One changed value of the last days."""

    day: date
    label: str
    old: str | None
    new: str | None
    why: str


def attributes(account: Account) -> list[Attribute]:
    """Return the attributes, filled ones first."""
    rows = [_attribute(values) for values in account.attributes]
    return sorted(rows, key=lambda row: row.now.text is None)


def _attribute(values: AttributeValues) -> Attribute:
    now, *earlier = [_shown(period, values.field) for period in values.periods]
    return Attribute(values.field, now, earlier[:_MOST_PERIODS], max(0, len(earlier) - _MOST_PERIODS))


def _shown(period: Period, field: dict[str, Any], currency: str | None = None) -> Shown:
    return Shown(shown(period.value, field, currency), period.since, period.until, period.is_older)


def metrics(account: Account, synced_on: date) -> list[Metric]:
    """Return the metrics, those with a value first."""
    found = [_metric(values, synced_on) for values in account.metrics]
    return sorted(found, key=lambda metric: (metric.now is None, metric.chart is None))


def _metric(values: MetricValues, synced_on: date) -> Metric:
    field, days = values.field, values.days[-_DAYS_OF_CHARTS:]
    currency = days[-1][2] if days else None
    periods = [_shown(period, field, currency) for period in values.periods]
    listed, more = periods[:_MOST_PERIODS], max(0, len(periods) - _MOST_PERIODS)
    if not days:
        return Metric(field, None, None, [], 0, None, None, "", listed, more)
    figures = summary([value for _, value, _ in days])
    first, last = days[0][0], days[-1][0]
    texts = [
        ("Lowest", shown(figures.least, field, currency)),
        ("Median", shown(figures.median, field, currency)),
        ("Highest", shown(figures.most, field, currency)),
    ]
    is_open = values.periods[0].until is None if values.periods else last == synced_on
    return Metric(
        field,
        shown(days[-1][1], field, currency) if is_open else None,
        chart([(day, value) for day, value, _ in days], figures.median),
        texts,
        len(days),
        first,
        last,
        f"{field['label']} on {counted(len(days), 'day')} from {first} to {last}: first "
        f"{shown(days[0][1], field, currency)}, last {shown(days[-1][1], field, currency)}, "
        + ", ".join(f"{name.lower()} {text}" for name, text in texts),
        listed,
        more,
    )


def changes(account: Account, synced_on: date) -> tuple[list[Changed], int]:
    """Return the changes of the last days, the newest first, and how many more there are."""
    begin = synced_on - timedelta(days=_DAYS_OF_CHANGES)
    found = [
        change
        for part in (_attribute_changes(account), _metric_changes(account), _match_changes(account))
        for change in part
        if change.day > begin
    ]
    found.sort(key=lambda change: change.label.casefold())
    found.sort(key=lambda change: change.day, reverse=True)
    return found[:_MOST_CHANGES], max(0, len(found) - _MOST_CHANGES)


def _attribute_changes(account: Account) -> Iterator[Changed]:
    for values in account.attributes:
        for change in values.changes:
            yield Changed(
                change.changed_on,
                values.field["label"],
                shown(change.old_value, values.field),
                shown(change.new_value, values.field),
                REASONS_OF_CHANGES.get(change.reason, change.reason),
            )


def _metric_changes(account: Account) -> Iterator[Changed]:
    for values in account.metrics:
        currency = values.days[-1][2] if values.days else None
        for newer, older in pairwise(values.periods):
            old = shown(older.value, values.field, currency) if older.until == newer.since else None
            yield Changed(newer.since, values.field["label"], old, shown(newer.value, values.field, currency), "")
        starts = {period.since for period in values.periods}
        for period in values.periods:
            if period.until is not None and period.until not in starts:
                old = shown(period.value, values.field, currency)
                yield Changed(period.until, values.field["label"], old, None, "")
        if values.periods and not values.periods[-1].is_older:
            first = values.periods[-1]
            yield Changed(first.since, values.field["label"], None, shown(first.value, values.field, currency), "")


def _match_changes(account: Account) -> Iterator[Changed]:
    for (day, status), (_, before) in pairwise(account.match_changes):
        yield Changed(day, "Match", MEANINGS.get(before, before), MEANINGS.get(status, status), "")
