"""A time zone change between two syncs on the real clock: these two zones never have the same day."""

import os

import pytest

from sf_insights.runs import run_sync

EAST, WEST = "Pacific/Kiritimati", "Etc/GMT+12"


@pytest.fixture
def now_in(sync, monkeypatch):
    """Run a sync now in a time zone, and return the log's warnings."""
    monkeypatch.delenv("SF_INSIGHTS_TODAY", raising=False)

    def run(zone):
        sync.configure(timezone=zone)
        warned = []
        outcome = run_sync(on_news=lambda news: warned.append(news.text) if news.kind == "warned" else None)
        assert "SF_INSIGHTS_TODAY" not in os.environ
        assert outcome.success, outcome.reason
        return " ".join(warned)

    return run


def days(sync):
    return [day for (day,) in sync.look().rows("SELECT day::VARCHAR FROM ops.sync_runs ORDER BY sync")]


def test_after_a_move_west_a_sync_repeats_the_last_day(org, sync, now_in):
    now_in(EAST)
    account = next(a for a in org.accounts() if a["AnnualRevenue"] is not None and not a["IsDeleted"])
    org.update_account(account["Id"], AnnualRevenue=123456)
    assert "before the time zone was changed" in now_in(WEST)
    assert "before the time zone was changed" in now_in(WEST)
    assert len(days(sync)) == 3
    assert len(set(days(sync))) == 1
    [(points, per_account)] = sync.look().rows(
        "SELECT count(DISTINCT date), max(points) FROM (SELECT date, count(*) OVER (PARTITION BY account_id) AS points "
        "FROM insights.account_metrics)"
    )
    assert (points, per_account) == (1, 1)
    assert sync.look().rows("SELECT max(value) FROM insights.account_metrics WHERE value = 123456") == [(123456,)]


def test_after_a_move_east_across_the_date_line_a_sync_is_for_a_later_day(sync, now_in):
    now_in(WEST)
    assert now_in(EAST) == ""
    first, second = days(sync)
    assert first < second
    assert "before the time zone was changed" in now_in(WEST)  # and back
    assert days(sync) == [first, second, second]
