from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from sf_insights.domain.problems import WarehouseProblem
from sf_insights.domain.syncs.days import day_to_sync

YESTERDAY, TODAY, TOMORROW, NEXT_YEAR = (
    date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3), date(2027, 3, 2)
)  # fmt: skip


@pytest.mark.parametrize(
    ("last", "where_last", "day"),
    [
        (None, [], TODAY),
        (YESTERDAY, [TODAY], TODAY),
        (TODAY, [TODAY], TODAY),
        (TOMORROW, [TOMORROW], TOMORROW),  # moved westwards
        (TOMORROW, [TODAY, TOMORROW], TOMORROW),  # and synced since then
        (TOMORROW, [date(2026, 3, 4)], TOMORROW),  # moved west some time ago
        (YESTERDAY, [YESTERDAY], TODAY),  # moved east
    ],
)
def test_a_sync_never_goes_back_a_day(last, where_last, day):
    assert day_to_sync(TODAY, last, where_last) == day


@pytest.mark.parametrize(
    ("last", "where_last"), [(NEXT_YEAR, [TODAY]), (TOMORROW, [TODAY]), (TOMORROW, [TODAY, TODAY])]
)
def test_a_day_synced_by_a_wrong_clock_is_refused(last, where_last):
    with pytest.raises(
        WarehouseProblem, match=f"{TODAY} cannot be synced: syncs only go forward, and {last} is already synced"
    ):
        day_to_sync(TODAY, last, where_last)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Pacific/Kiritimati", "Etc/GMT+12"),  # the largest possible move, across the date line
        ("Pacific/Auckland", "America/New_York"),
        ("Europe/Vienna", "America/Los_Angeles"),
        ("Pacific/Pago_Pago", "Pacific/Apia"),  # the same hour, one day apart
    ],
)
@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_a_time_zone_change_at_any_hour_is_not_a_wrong_clock(before, after, hour):
    moment = datetime(2026, 3, 2, hour, 30, tzinfo=UTC)
    first, second = (moment.astimezone(ZoneInfo(zone)).date() for zone in (before, after))
    for old, new in ((first, second), (second, first)):
        assert day_to_sync(new, old, [old]) == max(old, new)
