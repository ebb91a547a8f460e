"""When the next outbound run is due, and what it costs."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sf_insights.domain.outbound.next_run import calls_to_write, next_slot
from sf_insights.domain.outbound.schedule import is_due

NEW_YORK = ZoneInfo("America/New_York")
TWO_HOURS = timedelta(hours=2)


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


@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])  # the clocks change
def test_the_schedule_starts_a_run_at_the_announced_time_and_not_before(day):
    moment = datetime.fromisoformat(f"{day}T00:10").replace(tzinfo=NEW_YORK).astimezone(UTC)
    end = moment + timedelta(hours=26)
    while moment < end:
        following = next_slot(moment, TWO_HOURS, NEW_YORK)
        assert moment < following <= moment + timedelta(hours=3)
        assert not is_due(following - timedelta(seconds=1), TWO_HOURS, NEW_YORK, moment)
        assert is_due(following, TWO_HOURS, NEW_YORK, moment)
        moment = following


@pytest.mark.parametrize(
    ("records", "calls"), [(0, 0), (1, 1), (200, 1), (201, 2), (2000, 10), (2001, 14), (50_001, 28)]
)
def test_few_records_cost_a_call_for_200_and_many_a_job_for_50000(records, calls):
    assert calls_to_write(records) == calls
