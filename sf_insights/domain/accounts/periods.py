"""The values of one attribute or metric of an account over time, from what the model keeps."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Change:
    """A changed value of one account, a row of insights.attribute_changes or of insights.metric_changes.

    The values of attributes are texts. `reason` is None if it is not known; only metrics have currencies. `source` is
    sync or history.
    """

    changed_on: date
    old_value: Any
    new_value: Any
    reason: str | None
    old_currency: str | None = None
    currency: str | None = None
    source: str = "sync"


@dataclass(frozen=True)
class Period:
    """A value with its first day; `until` is the day of the next value, None while it lasts.

    `is_older`: the account may have had the value before, since this is the first day on which it was read. `currency`
    is that of an amount. `source` says who saw its first day: a sync, or Salesforce's history.
    """

    value: Any
    since: date
    until: date | None = None
    is_older: bool = False
    currency: str | None = None
    source: str = "sync"


def periods(value: Any, changes: Sequence[Change], first_day: date, source: str = "sync") -> list[Period]:
    """Return the values of an attribute, the present one first.

    Args:
        value: the present value.
        changes: in the order of their days.
        first_day: the first day on which the value is known.
        source: who saw that day.
    """
    if not changes:
        return [Period(value, first_day, is_older=True, source=source)]
    found = [
        Period(change.new_value, change.changed_on, until.changed_on if until else None, source=change.source)
        for change, until in zip(changes, [*changes[1:], None], strict=True)
    ]
    first = changes[0]
    if first.reason != "first_match" and first_day < first.changed_on:
        found.insert(0, Period(first.old_value, first_day, first.changed_on, is_older=True, source=source))
    found[-1] = Period(value, found[-1].since, source=found[-1].source)
    return found[::-1]


def periods_of_days(days: Sequence[tuple[date, Any, str | None, str]]) -> list[Period]:
    """Return the values of a metric from its value, currency and source on each day, the newest first.

    A value lasts until the day on which another one is known; days without a value in between are not told apart.
    """
    found: list[Period] = []
    for day, value, currency, source in days:
        if found and (found[-1].value, found[-1].currency) == (value, currency):
            continue
        if found:
            found[-1] = replace(found[-1], until=day)
        found.append(Period(value, day, currency=currency, source=source))
    return found[::-1]


@dataclass(frozen=True)
class Summary:
    """Figures of a metric over its days."""

    least: float
    median: float
    most: float


def summary(values: Sequence[float]) -> Summary:
    """Return the figures of the values of at least one day."""
    return Summary(min(values), statistics.median(values), max(values))
