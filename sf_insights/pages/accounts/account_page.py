"""What the page of one account shows, from the facts of the snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sf_insights.domain.accounts.periods import Period, summary
from sf_insights.domain.accounts.statuses import MEANINGS, REASONS_OF_CHANGES
from sf_insights.domain.fields.appearance import Appearance
from sf_insights.domain.wording import counted
from sf_insights.pages.accounts.charts import Chart, chart
from sf_insights.warehouse.reports.account import Account, AttributeValues, MetricValues

_DAYS_OF_CHANGES = 30
_FROM_HISTORY = "from Salesforce's history"
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
    source: str = "sync"


@dataclass(frozen=True)
class Attribute:
    """One row of the attributes; `more` counts the earlier values that are left out."""

    field: dict[str, Any]
    now: Shown
    earlier: list[Shown]
    more: int


@dataclass(frozen=True)
class Metric:
    """One metric; its chart needs two days with a value. `said` describes it to people who do not see it."""

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
    """Return the attributes, filled ones first and archived ones last."""
    rows = [_attribute(values) for values in account.attributes]
    return sorted(rows, key=lambda row: (bool(row.field["is_archived"]), row.now.text is None))


def _attribute(values: AttributeValues) -> Attribute:
    appearance = Appearance.of_row(values.field)
    now, *earlier = [_shown(period, appearance) for period in values.periods]
    return Attribute(values.field, now, earlier[:_MOST_PERIODS], max(0, len(earlier) - _MOST_PERIODS))


def _shown(period: Period, appearance: Appearance) -> Shown:
    return Shown(
        appearance.text(period.value, period.currency), period.since, period.until, period.is_older, period.source
    )


def metrics(account: Account, synced_on: date) -> list[Metric]:
    """Return the metrics, those with a value first and archived ones last."""
    found = [_metric(values, synced_on) for values in account.metrics]
    return sorted(found, key=lambda metric: (bool(metric.field["is_archived"]), metric.now is None, not metric.days))


def _metric(values: MetricValues, synced_on: date) -> Metric:
    field, appearance = values.field, Appearance.of_row(values.field)
    periods = [_shown(period, appearance) for period in values.periods]
    listed, more = periods[:_MOST_PERIODS], max(0, len(periods) - _MOST_PERIODS)
    days = values.days[-_DAYS_OF_CHARTS:]
    if not days:
        return Metric(field, None, None, [], 0, None, None, "", listed, more)
    currency = days[-1][2]
    if appearance.has_currency:  # amounts in two currencies cannot be compared
        days = [day for day in days if day[2] == currency]
    figures = summary([value for _, value, _ in days])
    first, last = days[0][0], days[-1][0]
    texts = [
        ("Lowest", appearance.text(figures.least, currency)),
        ("Median", appearance.text(figures.median, currency)),
        ("Highest", appearance.text(figures.most, currency)),
    ]
    is_open = values.periods[0].until is None if values.periods else last == synced_on
    return Metric(
        field,
        appearance.text(days[-1][1], currency) if is_open else None,
        chart([(day, value) for day, value, _ in days], figures.median) if len(days) > 1 else None,
        texts,
        len(days),
        first,
        last,
        f"{field['label']} on {counted(len(days), 'day')} from {first} to {last}: first "
        f"{appearance.text(days[0][1], currency)}, last {appearance.text(days[-1][1], currency)}, "
        + ", ".join(f"{name.lower()} {text}" for name, text in texts),
        listed,
        more,
    )


def changes(account: Account, synced_on: date) -> tuple[list[Changed], int]:
    """Return the changes of the last days, the newest first, and how many more there are."""
    begin = synced_on - timedelta(days=_DAYS_OF_CHANGES)
    found = [
        change for part in (_value_changes(account), _match_changes(account)) for change in part if change.day > begin
    ]
    found.sort(key=lambda change: change.label.casefold())
    found.sort(key=lambda change: change.day, reverse=True)
    return found[:_MOST_CHANGES], max(0, len(found) - _MOST_CHANGES)


def _value_changes(account: Account) -> Iterator[Changed]:
    of_fields = [(values.field, values.changes) for values in account.attributes]
    of_fields += [(values.field, values.changes) for values in account.metrics]
    for field, changes_of_field in of_fields:
        appearance = Appearance.of_row(field)
        for change in changes_of_field:
            yield Changed(
                change.changed_on,
                field["label"],
                appearance.text(change.old_value, change.old_currency),
                appearance.text(change.new_value, change.currency),
                _FROM_HISTORY
                if change.source == "history"
                else REASONS_OF_CHANGES.get(change.reason, change.reason)
                if change.reason
                else "",
            )


def _match_changes(account: Account) -> Iterator[Changed]:
    for (day, status), (_, before) in pairwise(account.match_changes):
        yield Changed(day, "Match", MEANINGS.get(before, before), MEANINGS.get(status, status), "")
