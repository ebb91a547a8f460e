"""What comes after a backfill: another one, and syncs."""

import pytest

from sf_insights_tests.pipeline.history.conftest import DAILY_AT, day
from sf_insights_tests.pipeline.history.test_missed_days import FIELDS, changes, points, values

SINCE = "2026-01-10"  # comparing every point of two years takes long
TABLES = (
    "ops.attribute_changes",
    "ops.metric_history",
    "ops.metric_summary",
    "ops.history_gaps",
    "ops.history_metric_changes",
    "insights.field_days",
)


def held(pipeline):
    """Every row of the tables that a backfill writes."""
    return {table: pipeline.read_warehouse(f"FROM {table} ORDER BY ALL") for table in TABLES}


@pytest.fixture
def backfilled(org, sync):
    """A warehouse that synced once, three days after the org's first day, and filled the days before."""
    for _ in range(3):
        org.pass_day()
    sync.configure(daily_at=DAILY_AT, fields=FIELDS)
    sync.once(day(3), "backfilled", sync.backfill)
    return sync


def test_a_second_backfill_changes_nothing(backfilled):
    before = held(backfilled)
    backfilled.backfill()
    assert held(backfilled) == before
    assert all(before.values())


SUMMARY = """
SELECT metric, date, currency, count(*), min(value), median(value), max(value), sum(exact_value)::VARCHAR::DOUBLE
FROM insights.account_metrics WHERE source = 'history' GROUP BY ALL ORDER BY ALL
"""


def test_summaries_are_those_of_the_points(backfilled):
    run = backfilled.look()
    told = run.rows("FROM insights.metric_summary SELECT * EXCLUDE (source) WHERE source = 'history' ORDER BY ALL")
    assert told == run.rows(SUMMARY)
    assert len(told) > 2000


@pytest.fixture
def synced(org, sync):
    """A warehouse that synced once, one day after the org's first day."""
    org.pass_day()
    sync.configure(daily_at=DAILY_AT, fields=FIELDS)
    sync.once(day(1), "synced a day later")
    return sync


def test_a_dry_run_changes_nothing(synced):
    before, published = held(synced), synced.snapshot.stat().st_mtime_ns
    found = {}
    run = synced.run_backfill(is_dry=True, on_news=lambda news: found.update(news.facts))
    assert run.success
    assert found["points"] > 0
    assert held(synced) == before
    assert synced.snapshot.stat().st_mtime_ns == published


def test_a_field_is_filled_alone(synced):
    synced.backfill("industry", since=day(0))
    days = synced.look().rows("SELECT DISTINCT field, date FROM insights.field_days WHERE source = 'history'")
    assert [(field, str(on)) for field, on in days] == [("Industry", day(0))]


def test_a_second_sync_of_the_day_continues_the_history(org, backfilled):
    rows = org.accounts()
    before = changes(backfilled.look(), "2000-01-01")
    changed, again = rows[0]["Id"], rows[1]["Id"]
    org.update_account(changed, Industry="Mining", AnnualRevenue=77)
    org.update_account(again, Rating="Cold", NumberOfEmployees=12)
    backfilled(day(3))
    renewed = backfilled.look()
    after = changes(renewed, "2000-01-01")
    assert after != before
    backfilled.backfill()
    refilled = backfilled.look()
    # Filling again, from the values of the second sync, gives the same.
    assert changes(refilled, "2000-01-01") == after
    for of in (points, values):
        assert of(refilled, "2026-02-25") == of(renewed, "2026-02-25")


def test_a_later_sync_adds_its_day(org, backfilled):
    before = points(backfilled.look(), SINCE)
    org.pass_day()
    run = backfilled(day(4))
    after = points(run, SINCE)
    assert {key: value for key, value in after.items() if str(key[2]) < day(4)} == before
    assert {str(key[2]) for key in after} - {str(key[2]) for key in before} == {day(4)}


def test_history_comes_back_with_a_selection(org, backfilled):
    before = points(backfilled.look(), SINCE)
    org.pass_day()
    run = backfilled(day(4), fields=["Industry"])
    assert points(run, "2000-01-01") == {}
    org.pass_day()
    run = backfilled(day(5), fields=FIELDS)
    kept = {key: value for key, value in points(run, SINCE).items() if str(key[2]) <= day(3)}
    assert kept == before


def test_a_retyped_field_keeps_its_history(org, backfilled):
    before = changes(backfilled.look(), "2000-01-01")
    org.pass_day()
    org.retype_field("Rating", "double", precision=10, scale=2)
    run = backfilled(day(4))
    assert run.field("Rating").status == "paused"
    kept = {key: value for key, value in changes(run, "2000-01-01").items() if str(key[2]) <= day(3)}
    assert kept == before


def test_days_that_salesforce_no_longer_keeps_stay(org, backfilled):
    every_point = "SELECT count(*), sum(hash(point)) FROM insights.account_metrics AS point WHERE source = 'history'"
    before = backfilled.look().rows(every_point)
    org.remove_history(before="2025-06-01T00:00:00.000Z")
    backfilled.backfill()
    assert backfilled.look().rows(every_point) == before
    assert before[0][0] > 10_000
