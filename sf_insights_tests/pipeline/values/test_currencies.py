"""An org with several currencies: amounts keep theirs and are never summed across currencies."""

import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.pipeline.truth import Truth


@pytest.fixture(scope="module")
def running_org(tmp_path_factory):
    with DemoOrg.started(tmp_path_factory.mktemp("currencies"), accounts=200, multi_currency=True) as org:
        yield org


def test_every_amount_has_its_currency(org, sync):
    run = sync.first_day(fields=["Industry", {"field": "ARR__c", "as": "metric"}])
    truth = Truth(org)
    expected = {
        key: (float(truth.accounts[id_]["ARR__c"]), truth.accounts[id_]["CurrencyIsoCode"])
        for key, id_ in truth.matches().items()
        if truth.accounts[id_]["ARR__c"] is not None
    }
    rows = run.rows("SELECT account_id, value, currency FROM insights.account_metrics")
    assert {key: (value, currency) for key, value, currency in rows} == expected
    assert run.attributes("currency") == {
        key: truth.accounts[id_]["CurrencyIsoCode"] for key, id_ in truth.matches().items()
    }
    assert len({currency for _, currency in expected.values()}) > 1


def test_a_paused_metric_keeps_the_currency_of_its_last_reading(org, sync):
    truth = Truth(org)
    zuora_id, salesforce_id = next(
        (key, id_) for key, id_ in truth.matches().items() if truth.accounts[id_]["ARR__c"] is not None
    )
    before = truth.accounts[salesforce_id]["CurrencyIsoCode"]
    sync.first_day(fields=["Industry", {"field": "ARR__c", "as": "metric"}])
    org.hide_field("ARR__c")
    org.update_account(salesforce_id, CurrencyIsoCode="JPY" if before != "JPY" else "USD")
    run = sync(day="2026-03-02")
    history = "SELECT currency, valid_to FROM insights.metric_history WHERE account_id = ? AND metric = 'ARR__c'"
    assert run.rows(history, [zuora_id]) == [(before, None)]
    assert run.attributes("currency")[zuora_id] != before


def test_the_summary_has_a_row_for_each_currency(org, sync):
    run = sync.first_day(fields=[{"field": "ARR__c", "as": "metric"}])
    sql = "SELECT currency, count(*), min(value), max(value) FROM insights.account_metrics GROUP BY currency ORDER BY 1"
    assert run.rows("SELECT currency, accounts, min, max FROM insights.metric_summary ORDER BY 1") == run.rows(sql)


def test_a_changed_currency_ends_an_interval_even_if_the_number_is_the_same(org, sync):
    truth = Truth(org)
    zuora_id, salesforce_id = next(
        (key, id_) for key, id_ in truth.matches().items() if truth.accounts[id_]["ARR__c"] is not None
    )
    before = truth.accounts[salesforce_id]["CurrencyIsoCode"]
    other = next(
        account["CurrencyIsoCode"] for account in truth.accounts.values() if account["CurrencyIsoCode"] != before
    )
    sync.first_day(fields=[{"field": "ARR__c", "as": "metric"}])
    org.update_account(salesforce_id, CurrencyIsoCode=other)
    run = sync(day="2026-03-02")
    intervals = run.rows(
        "SELECT currency, valid_from::VARCHAR, valid_to::VARCHAR FROM insights.metric_history WHERE account_id = ? "
        "ORDER BY valid_from",
        [zuora_id],
    )
    assert intervals == [(before, "2026-03-01", "2026-03-02"), (other, "2026-03-02", None)]


def test_a_change_from_one_currency_to_another_has_no_difference(org, sync):
    (one, one_id), (other, other_id) = list(Truth(org).matches().items())[:2]
    org.update_account(one_id, ARR__c=100, CurrencyIsoCode="USD")
    org.update_account(other_id, ARR__c=100, CurrencyIsoCode="USD")
    sync(day="2026-03-01", fields=["Industry", {"field": "ARR__c", "as": "metric"}])
    org.update_account(one_id, ARR__c=110, CurrencyIsoCode="EUR")
    org.update_account(other_id, CurrencyIsoCode="EUR")  # the value is the same
    run = sync(day="2026-03-02")
    sql = (
        "SELECT old_value, old_currency, new_value, currency, difference FROM insights.metric_changes "
        "WHERE account_id = ?"
    )
    assert run.rows(sql, [one]) == [(100.0, "USD", 110.0, "EUR", None)]
    assert run.rows(sql, [other]) == []
