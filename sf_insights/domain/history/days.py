"""The days that history can fill, and the moment of each: when its sync ran, or would have run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

KEPT_MONTHS = 24  # through the API; people see 18 months


def oldest_kept(day: date) -> date:
    """Return the first day whose changes Salesforce still keeps on this day."""
    return _months_before(day, KEPT_MONTHS)


def moments(
    since: date, until: date, daily_at: time, zone: ZoneInfo, read_at: Mapping[date, datetime]
) -> dict[date, datetime]:
    """Return the moment of each day from `since` to `until` in UTC: its values are those of this moment.

    Args:
        since: the first day.
        until: the last day.
        daily_at: when the daily sync runs.
        zone: the time zone of `daily_at`.
        read_at: when the syncs read Salesforce, by their day; not used if it is on another day, set from outside.
    """
    found = {}
    for number in range((until - since).days + 1):
        day = since + timedelta(number)
        read = read_at.get(day)
        is_own = read is not None and read.astimezone(zone).date() == day
        found[day] = read.astimezone(UTC) if read and is_own else datetime.combine(day, daily_at, zone).astimezone(UTC)
    return found


def _months_before(day: date, months: int) -> date:
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    first = date(years, month + 1, 1)
    last = (first.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1)
    return first.replace(day=min(day.day, last.day))
