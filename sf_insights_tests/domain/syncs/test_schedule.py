"""The start time of the next sync."""

from datetime import UTC, date, datetime, timedelta

import pytest

from sf_insights.domain.configuration import parse_configuration
from sf_insights.domain.syncs.schedule import Attempt, NextStart, due_on, next_start

NEW_YORK = "America/New_York"


def configured(daily_at="04:00", timezone="UTC"):
    return parse_configuration({"daily_at": daily_at, "timezone": timezone, "fields": ["Industry"]})


def at(clock, day=2):
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def starts(now, *, opened=None, attempts=(), settings="as now", configuration=None):
    return next_start(configuration or configured(), now, opened_at=opened, attempts=attempts, settings=settings)


def ended(moment, ending, settings=None):
    """Return an attempt that took a minute."""
    return Attempt(moment - timedelta(minutes=1), moment, ending, settings)


@pytest.mark.parametrize(
    ("now", "opened", "start"),
    [
        ("03:59", None, at("04:00")),
        ("04:00", None, at("04:00")),
        ("04:00", at("04:02", day=1), at("04:00")),
        ("15:30", at("04:02", day=1), at("04:00")),  # the daemon was down at 04:00
        ("04:10", at("04:02"), at("04:00", day=3)),
        ("03:00", at("02:30"), at("04:00")),  # a manual sync at night does not replace today's
        ("04:10", at("23:00", day=9), at("04:00")),  # the clock was wrong at that sync
    ],
)
def test_a_sync_starts_once_a_day_at_or_after_its_time(now, opened, start):
    found = starts(at(now), opened=opened)
    assert (found.at, found.attempt, found.instead) == (start, 1, "")


@pytest.mark.parametrize(
    ("was", "is_", "start"),
    [
        ("04:00", "06:00", at("06:00")),
        ("04:00", "04:30", at("04:30")),
        ("04:00", "03:00", at("03:00", day=3)),
    ],
)
def test_an_edited_time_takes_effect_on_the_same_day(was, is_, start):
    opened = due_on(configured(was), date(2026, 3, 2)) + timedelta(minutes=1)
    assert starts(at("04:10"), opened=opened, configuration=configured(is_)).at == start


def test_a_failed_sync_is_retried_with_longer_waits_until_midnight():
    now, pauses = at("04:01"), []
    attempts: list[Attempt] = []
    while (found := starts(now, attempts=attempts)).instead == "":
        assert found.attempt == len(attempts) + 1
        pauses.append((found.at - now).total_seconds() / 60)
        now = max(found.at, now) + timedelta(minutes=1)
        attempts.append(Attempt(now - timedelta(minutes=1), now, "passing"))
    assert pauses[1:6] == [15, 30, 60, 120, 120]
    assert found.at == at("04:00", day=3)
    assert "day ends" in found.instead
    assert at("21:00") < now < at("00:00", day=3)


def test_yesterdays_failures_do_not_delay_today():
    failed = [ended(at("23:50", day=1), "passing"), ended(at("03:00"), "stopped")]
    assert starts(at("04:00"), attempts=failed).at == at("04:00")


@pytest.mark.parametrize("ending", ["passing", "person", "stopped"])
def test_a_failure_that_outlasts_its_day_does_not_delay_today(ending):
    failed = [Attempt(at("23:58", day=1), at("00:10"), ending)]
    assert starts(at("00:11"), attempts=failed, configuration=configured("00:00")) == NextStart(at("00:00"))


def test_a_sync_stopped_by_a_person_is_not_retried_that_day():
    found = starts(at("09:00"), attempts=[ended(at("04:01"), "passing"), ended(at("04:20"), "stopped")])
    assert (found.at, found.instead) == (at("04:00", day=3), "was stopped and is not tried again")


@pytest.mark.parametrize(("settings", "start"), [("as then", at("04:00", day=3)), ("edited", at("04:05"))])
def test_a_failure_that_needs_a_person_is_retried_once_the_settings_change(settings, start):
    found = starts(at("09:00"), attempts=[ended(at("04:05"), "person", "as then")], settings=settings)
    assert found.at == start
    assert bool(found.instead) == (settings == "as then")


def test_a_published_sync_ends_the_days_attempts():
    failed = [ended(at("04:01"), "passing")]
    assert starts(at("10:00"), opened=at("04:20"), attempts=failed).at == at("04:00", day=3)


@pytest.mark.parametrize(
    ("day", "daily_at", "due"),
    [
        (date(2026, 3, 7), "02:30", datetime(2026, 3, 7, 7, 30, tzinfo=UTC)),
        (date(2026, 3, 8), "02:30", datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),  # clocks jump from 02:00 to 03:00
        (date(2026, 3, 9), "02:30", datetime(2026, 3, 9, 6, 30, tzinfo=UTC)),
        (date(2026, 11, 1), "01:30", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),  # 01:30 comes twice
        (date(2026, 11, 2), "01:30", datetime(2026, 11, 2, 6, 30, tzinfo=UTC)),
    ],
)
def test_each_day_has_one_due_time_even_when_clocks_change(day, daily_at, due):
    assert due_on(configured(daily_at, NEW_YORK), day) == due


@pytest.mark.parametrize(
    ("first", "daily_at"), [(date(2026, 3, 6), "02:30"), (date(2026, 10, 30), "01:30"), (date(2026, 10, 30), "00:00")]
)
def test_every_day_is_synced_once_when_clocks_change(first, daily_at):
    configuration = configured(daily_at, NEW_YORK)
    now = datetime.combine(first, datetime.min.time(), configuration.zone).astimezone(UTC)
    opened, days = now - timedelta(hours=20), []
    for _ in range(4 * 24 * 12):
        if starts(now, opened=opened, configuration=configuration).at <= now:
            opened = now + timedelta(minutes=1)
            days.append(now.astimezone(configuration.zone).date())
        now += timedelta(minutes=5)
    assert days == [first + timedelta(days=n) for n in range(4)]
