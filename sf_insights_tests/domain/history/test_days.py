from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from sf_insights.domain.history.days import moments, oldest_kept

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("day", "oldest"), [("2026-03-01", "2024-03-01"), ("2026-02-28", "2024-02-28"), ("2028-02-29", "2026-02-28")]
)
def test_history_is_kept_for_24_months(day, oldest):
    assert oldest_kept(date.fromisoformat(day)) == date.fromisoformat(oldest)


def test_a_day_without_a_sync_has_the_time_of_the_schedule_also_when_clocks_change():
    found = moments(date(2026, 3, 7), date(2026, 3, 9), time(4), NEW_YORK, {})
    assert [moment.hour for moment in found.values()] == [9, 8, 8]
    assert {moment.tzinfo for moment in found.values()} == {UTC}


def test_a_synced_day_has_the_time_at_which_salesforce_was_read():
    read = datetime(2026, 3, 8, 21, 30, tzinfo=UTC)
    found = moments(date(2026, 3, 8), date(2026, 3, 8), time(4), NEW_YORK, {date(2026, 3, 8): read})
    assert found == {date(2026, 3, 8): read}


def test_the_time_of_a_sync_whose_day_was_set_from_outside_is_not_used():
    read = datetime(2030, 1, 1, tzinfo=UTC)
    found = moments(date(2026, 3, 8), date(2026, 3, 8), time(4), ZoneInfo("UTC"), {date(2026, 3, 8): read})
    assert found == {date(2026, 3, 8): datetime(2026, 3, 8, 4, tzinfo=UTC)}
