"""History in an org with several currencies: an amount has the currency of its day."""

import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.pipeline.history.conftest import DAILY_AT, day
from sf_insights_tests.pipeline.history.test_missed_days import points
from sf_insights_tests.pipeline.truth import Truth

FIELDS = [
    "Industry",
    {"field": "AnnualRevenue", "as": "metric"},
    {"field": "NumberOfEmployees", "as": "metric"},
]
CHANGED = "2026-02-10T12:00:00.000Z"
CURRENCIES = """
SELECT date::VARCHAR, value, currency FROM insights.account_metrics
WHERE account_id = ? AND metric = ? AND date >= '2026-02-09' AND date < '2026-02-13' ORDER BY date
"""
STARTS = "SELECT field, known_from::VARCHAR FROM ops.history_gaps WHERE account_id IS NULL"


@pytest.fixture(scope="module")
def running_org(tmp_path_factory):
    with DemoOrg.started(tmp_path_factory.mktemp("currencies"), accounts=120, multi_currency=True) as org:
        yield org


@pytest.fixture
def account(org):
    """An old account in USD with both metrics, alone with its Salesforce Account: their ids."""
    matches = Truth(org).matches()
    rows = {row["Id"]: row for row in org.accounts() if row["CreatedDate"] < "2024"}
    alone = {key: id_ for key, id_ in matches.items() if list(matches.values()).count(id_) == 1 and id_ in rows}
    key, id_ = next((key, id_) for key, id_ in alone.items() if rows[id_]["AnnualRevenue"] is not None)
    org.update_account(id_, AnnualRevenue=500, NumberOfEmployees=7, CurrencyIsoCode="USD")
    return key, id_


def begin_tracking_early(org, account):
    """Let the org have recorded a currency long before the days of these tests, of another account."""
    other = next(row["Id"] for row in org.accounts() if row["Id"] != account)
    org.add_history(other, "CurrencyIsoCode", "2025-01-01T12:00:00.000Z", None, None)


def without_currencies(org):
    """Replace the history by one that has no changes of currencies."""
    org.fill_history(2, ["AnnualRevenue", "NumberOfEmployees"])


def test_without_history_of_currencies_only_metrics_that_are_not_amounts_are_filled(org, sync, account):
    without_currencies(org)
    sync.first_day(daily_at=DAILY_AT, fields=FIELDS)
    found = {}
    run = sync.run_backfill(on_news=lambda news: found.update(news.facts))
    assert run.success, run.reason
    assert "amounts need the currency of their day" in found["refused"]["AnnualRevenue"]
    filled = run.rows("SELECT DISTINCT metric FROM insights.account_metrics WHERE source = 'history'")
    assert filled == [("NumberOfEmployees",)]
    today = dict(run.rows("SELECT account_id, currency FROM insights.account_attributes"))
    rows = run.rows("SELECT account_id, currency FROM insights.account_metrics WHERE source = 'history'")
    assert dict(rows) == {key: today[key] for key, _ in rows}


def test_an_amount_has_the_currency_of_its_day_without_its_being_selected(org, sync, account):
    key, id_ = account
    org.remove_history(id_)
    begin_tracking_early(org, id_)
    org.add_history(id_, "AnnualRevenue", "2026-02-11T12:00:00.000Z", "400", "500")
    org.add_history(id_, "CurrencyIsoCode", CHANGED, "EUR", "USD")
    sync(day(0), daily_at=DAILY_AT, fields=FIELDS)
    sync.backfill()
    run = sync.look()
    assert run.rows(CURRENCIES, [key, "AnnualRevenue"]) == [
        ("2026-02-09", 400.0, "EUR"),
        ("2026-02-10", 400.0, "EUR"),
        ("2026-02-11", 400.0, "USD"),
        ("2026-02-12", 500.0, "USD"),
    ]
    assert [row[2] for row in run.rows(CURRENCIES, [key, "NumberOfEmployees"])] == ["EUR", "EUR", "USD", "USD"]


def test_an_amount_begins_with_the_history_of_currencies_and_other_metrics_with_their_own(org, sync, account):
    key, id_ = account
    without_currencies(org)
    org.remove_history(id_)
    org.add_history(id_, "CurrencyIsoCode", CHANGED, "EUR", "USD")
    sync(day(0), daily_at=DAILY_AT, fields=FIELDS)
    sync.backfill()
    run = sync.look()
    starts = dict(run.rows(STARTS))
    assert starts["AnnualRevenue"] == "2026-02-11"
    assert starts["NumberOfEmployees"] < "2025"
    assert [row[0] for row in run.rows(CURRENCIES, [key, "AnnualRevenue"])] == ["2026-02-11", "2026-02-12"]
    first = run.rows(
        "SELECT min(date)::VARCHAR, list(DISTINCT currency) FROM insights.account_metrics "
        "WHERE account_id = ? AND metric = 'NumberOfEmployees'",
        [key],
    )
    assert first == [(starts["NumberOfEmployees"], ["USD"])]
    changes = "SELECT count(*) FROM ops.history_metric_changes WHERE old_exact_value = new_exact_value"
    assert sync.read_warehouse(f"{changes} AND old_currency = currency") == [(0,)]


def test_a_warehouse_that_missed_days_has_the_currencies_of_one_that_synced_every_day(org, warehouses, account):
    every, last = warehouses("every"), warehouses("last")
    begin_tracking_early(org, account[1])
    for number, currency in enumerate(("USD", "GBP", "USD")):
        if number:
            org.pass_day()
        org.update_account(account[1], CurrencyIsoCode=currency)
        every.use()(day(number), fields=FIELDS)
    last.use()(day(2), fields=FIELDS)
    last.backfill()
    expected, found = (
        {key: value for key, value in points(one.look(), day(0)).items() if key[0] == account[0]}
        for one in (every, last)
    )
    assert found == expected
    assert len(expected) == 6


def test_a_currency_that_is_not_tracked_leaves_an_amount_without_history(org, sync, account):
    key, id_ = account
    without_currencies(org)
    org.untrack_field("CurrencyIsoCode")
    org.update_account(id_, CurrencyIsoCode="EUR")
    sync(day(0), daily_at=DAILY_AT, fields=FIELDS)
    found = {}
    run = sync.run_backfill(on_news=lambda news: found.update(news.facts))
    assert run.success, run.reason
    assert "amounts need the currency of their day" in found["refused"]["AnnualRevenue"]
    sources = "SELECT DISTINCT source FROM insights.account_metrics WHERE metric = 'AnnualRevenue'"
    assert run.rows(sources) == [("sync",)]
    # Nothing tells of the former currency, so that of today is beside all values of other metrics.
    assert [row[2] for row in run.rows(CURRENCIES, [key, "NumberOfEmployees"])] == ["EUR", "EUR", "EUR", "EUR"]


def test_a_currency_that_is_no_longer_tracked_ends_the_history_of_an_amount(org, sync, account):
    key, id_ = account
    org.remove_history(id_)
    begin_tracking_early(org, id_)
    org.add_history(id_, "CurrencyIsoCode", CHANGED, "GBP", "USD")
    org.untrack_field("CurrencyIsoCode")
    org.update_account(id_, CurrencyIsoCode="EUR")
    sync(day(0), daily_at=DAILY_AT, fields=FIELDS)
    sync.backfill()
    run = sync.look()
    gaps = "SELECT field, known_from::VARCHAR, reason FROM ops.history_gaps WHERE account_id = ?"
    assert run.rows(f"{gaps} AND field = 'AnnualRevenue'", [key]) == [("AnnualRevenue", day(0), "chain_broken")]
    assert run.rows(CURRENCIES, [key, "AnnualRevenue"]) == []
    assert [row[2] for row in run.rows(CURRENCIES, [key, "NumberOfEmployees"])] == ["EUR", "EUR", "EUR", "EUR"]


def test_a_day_missed_between_two_syncs_has_its_currency(org, sync, account):
    """History is compared with what both syncs saw, value and currency."""
    key, id_ = account
    begin_tracking_early(org, id_)
    org.update_account(id_, AnnualRevenue=500, CurrencyIsoCode="USD")
    sync(day(0), daily_at=DAILY_AT, fields=FIELDS)
    org.pass_day()
    org.update_account(id_, CurrencyIsoCode="GBP")
    org.pass_day()
    org.update_account(id_, AnnualRevenue=700)
    sync(day(2))
    sync.backfill()
    found = sync.look().rows(
        "SELECT date::VARCHAR, value, currency, source FROM insights.account_metrics "
        "WHERE account_id = ? AND metric = 'AnnualRevenue' AND date >= ? ORDER BY date",
        [key, day(0)],
    )
    assert found == [
        (day(0), 500.0, "USD", "sync"),
        (day(1), 500.0, "GBP", "history"),
        (day(2), 700.0, "GBP", "sync"),
    ]
    gaps = "SELECT reason FROM ops.history_gaps WHERE account_id = ? AND field = 'AnnualRevenue'"
    assert sync.look().rows(gaps, [key]) == []
