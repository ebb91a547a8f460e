"""The metrics: intervals, points and daily statistics, from the list of complete days."""

from datetime import date
from decimal import Decimal
from statistics import median
from typing import Any

from sf_insights_tests.model.records import Day


def metrics_of(days: list[Day]) -> tuple[list[list[Any]], list[dict[str, Any]]]:
    """Return the intervals of equal value, and the points of every day."""
    intervals: list[list[Any]] = []  # account, metric, exact value, currency, valid_from, valid_to
    points: list[dict[str, Any]] = []
    linked: dict[str, str] = {}  # the last matched Account of each Zuora account
    for day in days:
        read = day.read("metric")
        held = {
            (key, name): (_exact(values[name]), day.currencies[key])
            for key, values in day.values.items()
            for name in read
            if values[name] is not None
        }
        relinked = {
            key
            for key, match in day.matches.items()
            if match.salesforce_id
            and key in linked
            and match.salesforce_id not in (linked[key], day.survivors.get(linked[key]))
        }
        for interval in intervals:
            key, name, *last, _, ended = interval
            unread = name not in read
            if ended is None and (
                key not in day.values
                or (unread and key in relinked)
                or (not unread and held.get((key, name)) != tuple(last))
            ):
                interval[5] = day.date
        open_ones = {(key, name) for key, name, *_, ended in intervals if ended is None}
        for (key, name), (value, currency) in held.items():
            point = {"account_id": key, "metric": name, "date": day.date, "currency": currency}
            points.append(point | {"value": float(value), "exact_value": value})
            if (key, name) not in open_ones:
                intervals.append([key, name, value, currency, day.date, None])
        linked |= {key: match.salesforce_id for key, match in day.matches.items() if match.salesforce_id}
    return intervals, points


def _exact(number: Any) -> Decimal:
    return Decimal(repr(number) if isinstance(number, float) else number)


def summary_of(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, date, str | None], list[float]] = {}
    for point in points:
        groups.setdefault((point["metric"], point["date"], point["currency"]), []).append(point["value"])
    return [
        {
            "metric": metric,
            "date": day,
            "currency": currency,
            "accounts": len(values),
            "min": min(values),
            "median": median(values),
            "max": max(values),
            "sum": sum(values),
        }
        for (metric, day, currency), values in groups.items()
    ]
