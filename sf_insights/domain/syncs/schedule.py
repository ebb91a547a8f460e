"""When the next sync starts: daily at the configured time, and again that day after a temporary failure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

Ending = Literal["passing", "person", "stopped"]

_FIRST_PAUSE = timedelta(minutes=15)
_LONGEST_PAUSE = timedelta(hours=2)
_FAILED = "failed and is not tried again"


class Daily(Protocol):
    """The settings that say when the sync of a day is due; see AccountFieldSync."""

    @property
    def enabled(self) -> bool: ...
    @property
    def timezone(self) -> str: ...
    @property
    def zone(self) -> ZoneInfo: ...
    @property
    def time_of_day(self) -> time: ...


@dataclass(frozen=True)
class DailyTime:
    """When the sync of a day is due, without the other settings."""

    enabled: bool
    timezone: str
    daily_at: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def time_of_day(self) -> time:
        return time.fromisoformat(self.daily_at)


@dataclass(frozen=True)
class Attempt:
    """A sync that ended without being published.

    It belongs to the day on which it started. `ending` says why it ended: "passing" for a temporary failure, "person"
    for one that only a person can fix, and "stopped" when a person stopped it. `settings` is the fingerprint of the
    settings it ran with, None if unknown.
    """

    started_at: datetime
    ended_at: datetime
    ending: Ending
    settings: str | None = None


@dataclass(frozen=True)
class NextStart:
    """When the next sync starts; if `at` is past, it starts now.

    `attempt` counts the syncs of that day from 1. `instead` says what became of today's sync if it is not tried
    again, such as "was stopped and is not tried again", or is "".
    """

    at: datetime
    attempt: int = 1
    instead: str = ""


def due_on(configuration: Daily, day: date) -> datetime:
    """Return when a day's sync is due, in UTC.

    When the clocks go forward past `daily_at`, the sync is due one hour later on the clock. When they show `daily_at`
    twice, it is due the first time.
    """
    return datetime.combine(day, configuration.time_of_day, configuration.zone).astimezone(UTC)


def next_start(
    configuration: Daily,
    now: datetime,
    *,
    opened_at: datetime | None,
    attempts: Iterable[Attempt],
    settings: str,
) -> NextStart:
    """Return when the next sync starts, if none is running. All moments have a time zone.

    Args:
        configuration: the settings, which say when each day's sync is due.
        now: the present moment.
        opened_at: when the last published sync began, None before the first. When it was published does not matter: a
            sync that begins shortly before midnight is published on the next day.
        attempts: the syncs that failed or were stopped, in any order.
        settings: the fingerprint of the present settings; only needed with attempts.
    """
    today = now.astimezone(configuration.zone).date()
    due, tomorrow = due_on(configuration, today), due_on(configuration, today + timedelta(days=1))
    if now < due:
        return NextStart(due)
    if opened_at is not None and due <= opened_at <= now:
        return NextStart(tomorrow)
    since = sorted(
        (one for one in attempts if due <= one.started_at <= one.ended_at <= now), key=lambda one: one.ended_at
    )
    if not since:
        return NextStart(due)
    last = since[-1]
    if last.ending == "stopped":
        return NextStart(tomorrow, instead="was stopped and is not tried again")
    if last.ending == "person":
        if last.settings in (None, settings):
            return NextStart(tomorrow, instead=f"{_FAILED}: its cause needs a person, and the settings are unchanged")
        return NextStart(last.ended_at, len(since) + 1)
    again = last.ended_at + _pause_after(len(since))
    if again.astimezone(configuration.zone).date() != today:
        return NextStart(tomorrow, instead=f"{_FAILED}: the day ends before the next attempt")
    return NextStart(again, len(since) + 1)


def _pause_after(attempts: int) -> timedelta:
    """Return the pause after this many attempts: 15 minutes, then twice as long each time, up to 2 hours."""
    return min(_FIRST_PAUSE * (1 << min(attempts - 1, 10)), _LONGEST_PAUSE)
