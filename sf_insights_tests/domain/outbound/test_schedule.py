from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sf_insights.domain.outbound.schedule import is_due, next_slot, slot_of

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
TWO_HOURS = timedelta(hours=2)


def berlin(text):
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("moment", "interval", "slot"),
    [
        ("2026-03-01T03:59:59", TWO_HOURS, "2026-03-01T02:00"),
        ("2026-03-01T04:00:00", TWO_HOURS, "2026-03-01T04:00"),
        ("2026-03-01T00:10:00", timedelta(minutes=15), "2026-03-01T00:00"),
        ("2026-03-01T23:59:00", timedelta(hours=24), "2026-03-01T00:00"),
        ("2026-03-29T03:30:00", TWO_HOURS, "2026-03-29T02:00"),  # the clock goes from 02:00 to 03:00
    ],
)
def test_runs_start_at_whole_intervals_of_the_local_day(moment, interval, slot):
    assert slot_of(berlin(moment), interval, BERLIN) == berlin(slot).astimezone(UTC)


def test_a_run_is_due_once_in_each_interval():
    moment = berlin("2026-03-01T04:00:30")
    assert is_due(moment, TWO_HOURS, BERLIN, None)
    assert is_due(moment, TWO_HOURS, BERLIN, berlin("2026-03-01T03:59:00"))
    assert not is_due(moment, TWO_HOURS, BERLIN, berlin("2026-03-01T04:00:10"))


def test_a_time_that_passed_while_nothing_ran_is_made_up_for():
    assert is_due(berlin("2026-03-01T05:30:00"), TWO_HOURS, BERLIN, berlin("2026-03-01T01:00:00"))


def test_a_day_of_the_changing_clock_has_no_run_twice_at_one_time():
    starts, last = [], None
    moment = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight in Berlin; the day has 25 hours
    while moment < datetime(2026, 10, 25, 23, tzinfo=UTC):
        if is_due(moment, TWO_HOURS, BERLIN, last):
            starts.append(moment.astimezone(BERLIN).hour)
            last = moment
        moment += timedelta(minutes=1)
    assert starts == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22]


@pytest.mark.parametrize(
    ("moment", "following"),
    [
        ("2026-03-02T00:00", "2026-03-02T02:00"),
        ("2026-03-02T01:59", "2026-03-02T02:00"),
        ("2026-03-02T22:00", "2026-03-03T00:00"),
        ("2026-03-02T23:59", "2026-03-03T00:00"),
    ],
)
def test_the_next_run_is_at_the_next_full_interval_of_the_day(moment, following):
    local = datetime.fromisoformat(moment).replace(tzinfo=NEW_YORK)
    assert next_slot(local, TWO_HOURS, NEW_YORK) == datetime.fromisoformat(following).replace(tzinfo=NEW_YORK)


@pytest.mark.parametrize("minutes", [15, 30, 60, 120])
@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])  # the clocks change
def test_the_schedule_starts_a_run_at_the_announced_time_and_not_before(day, minutes):
    interval = timedelta(minutes=minutes)
    moment = datetime.fromisoformat(f"{day}T00:10").replace(tzinfo=NEW_YORK).astimezone(UTC)
    end = moment + timedelta(hours=26)
    while moment < end:
        following = next_slot(moment, interval, NEW_YORK)
        # Two hours are three where an hour comes twice.
        assert moment < following <= moment + (interval if minutes <= 60 else timedelta(hours=3))
        assert not is_due(following - timedelta(seconds=1), interval, NEW_YORK, moment)
        assert is_due(following, interval, NEW_YORK, moment)
        moment = following
