"""The next syncs as people say them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.syncs.schedule import due_on

RUNS = 3


def next_runs(configuration: AccountFieldSync, first: datetime | None, now: datetime) -> Sequence[datetime]:
    """Return when the next three syncs start, in the configured time zone; none if syncs are switched off.

    Args:
        configuration: the settings.
        first: when the next one starts, which may be another attempt of today; None for the next daily time.
        now: the moment from which the syncs are counted.
    """
    if not configuration.enabled:
        return []
    runs = [first] if first and first > now else []
    day = now.astimezone(configuration.zone).date()
    while len(runs) < RUNS:
        due = due_on(configuration, day)
        if due > now and (not runs or due > runs[-1]):
            runs.append(due)
        day += timedelta(days=1)
    return [run.astimezone(configuration.zone) for run in runs]


def daily_in_words(configuration: AccountFieldSync) -> str:
    """Return when syncs run, such as "Every day at 04:00 (4 in the morning), New York time."."""
    time = configuration.time_of_day
    hour = time.hour % 12 or 12
    part = "morning" if 0 < time.hour < 12 else "afternoon" if 12 <= time.hour < 18 else "evening"
    spoken = {0: "midnight", 12: "noon"}.get(time.hour) if time.minute == 0 else None
    if spoken is None:
        minutes = f":{time.minute:02}" if time.minute else ""
        spoken = f"{hour}{minutes} {'at night' if time.hour == 0 else f'in the {part}'}"
    return f"Every day at {configuration.daily_at} ({spoken}), {_place(configuration)}."


def _place(configuration: AccountFieldSync) -> str:
    area, _, place = configuration.timezone.rpartition("/")
    if configuration.timezone == "UTC":
        return "UTC, the world's common time"
    if area == "Etc":  # the names there have the sign the other way round
        hours = datetime(2000, 1, 1, tzinfo=configuration.zone).utcoffset() or timedelta()
        return f"UTC{'-' if hours < timedelta() else '+'}{abs(hours) // timedelta(hours=1)}"
    return f"{place.replace('_', ' ')} time"
