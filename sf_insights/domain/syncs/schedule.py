"""When the next sync starts: daily at the configured time, and again on the same day after a failure that may pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from sf_insights.domain.configuration import AccountFieldSync

Ending = Literal["passing", "person", "stopped"]

_FIRST_PAUSE = timedelta(minutes=15)
_LONGEST_PAUSE = timedelta(hours=2)


@dataclass(frozen=True)
class Attempt:
    """A sync that ended without being published.

    `ending` says why: something that may pass, something that only a person can change, or a person stopped it.
    `settings` is the fingerprint of the settings it ran with, None where that is not known.
    """

    ended_at: datetime
    ending: Ending
    settings: str | None = None


@dataclass(frozen=True)
class NextStart:
    """When the next sync starts: at once when `at` is past.

    `attempt` counts the syncs of that day from 1; `instead` says why today's sync is not tried again, "" otherwise.
    """

    at: datetime
    attempt: int = 1
    instead: str = ""


def due_on(configuration: AccountFieldSync, day: date) -> datetime:
    """The moment in UTC at which a day's sync is due.

    A time that the clocks skip on that day is due an hour later on the clock; one that they show twice, the first time.
    """
    return datetime.combine(day, configuration.time_of_day, configuration.zone).astimezone(UTC)


def next_start(
    configuration: AccountFieldSync,
    now: datetime,
    *,
    published_at: datetime | None,
    attempts: Iterable[Attempt],
    settings: str,
) -> NextStart:
    """When the next sync starts, if nothing is running.

    Args:
        configuration: the administrator's file, which says when a day's sync is due.
        now: the present moment; with a time zone, as every moment here.
        published_at: when the last sync was published, None when none was.
        attempts: the syncs that failed or were stopped, in any order.
        settings: the fingerprint of the settings as they are now.
    """
    today = now.astimezone(configuration.zone).date()
    due, tomorrow = due_on(configuration, today), due_on(configuration, today + timedelta(days=1))
    if now < due:
        return NextStart(due)
    if published_at is not None and due <= published_at <= now:
        return NextStart(tomorrow)
    since = sorted((one for one in attempts if due <= one.ended_at <= now), key=lambda one: one.ended_at)
    if not since:
        return NextStart(due)
    last = since[-1]
    if last.ending == "stopped":
        return NextStart(tomorrow, instead="somebody stopped it")
    if last.ending == "person":
        if last.settings in (None, settings):
            return NextStart(
                tomorrow, instead="what stopped it does not pass by itself, and the settings have not changed since"
            )
        return NextStart(last.ended_at, len(since) + 1)
    again = last.ended_at + _pause_after(len(since))
    if again.astimezone(configuration.zone).date() != today:
        return NextStart(tomorrow, instead="the day ends before the next attempt")
    return NextStart(again, len(since) + 1)


def _pause_after(attempts: int) -> timedelta:
    """How long to wait after the last of so many attempts: 15 minutes, then twice as long each time, up to 2 hours."""
    return min(_FIRST_PAUSE * (1 << min(attempts - 1, 10)), _LONGEST_PAUSE)
