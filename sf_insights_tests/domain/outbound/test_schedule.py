from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sf_insights.domain.outbound.schedule import is_due, slot_of

BERLIN = ZoneInfo("Europe/Berlin")
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
