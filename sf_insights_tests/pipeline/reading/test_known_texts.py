"""A record whose text is the same as in the last sync keeps its values; every other one is cast again."""

import pytest

from sf_insights.warehouse.backups import restore
from sf_insights.warehouse.warehouse import Warehouse
from sf_insights_tests.pipeline.reading.test_reading import FIELDS, JOBS, killed_in_the_middle_of_the_download
from sf_insights_tests.pipeline.truth import Truth

NEW = ["ERP_Id__c", {"field": "Score__c", "as": "metric"}]


def cast_records(sync, day, **settings):
    """Run a sync; return how many records it cast."""
    facts = {}

    def listen(news):
        if news.kind == "made":
            facts[news.step] = news.facts

    sync.configure(**settings)
    run = sync.run(day, on_news=listen)
    assert run.success, run.reason
    return facts["salesforce__raw_accounts"]["records_cast"]


def test_only_records_with_another_text_are_cast(org, sync):
    everything = cast_records(sync, "2026-03-01", fields=FIELDS)
    assert everything == len(Truth(org).accounts)
    assert cast_records(sync, "2026-03-02") == 0
    zuora_id, salesforce_id = next(iter(Truth(org).matches().items()))
    org.update_account(salesforce_id, Industry="Fishing")
    assert cast_records(sync, "2026-03-03") == 1
    assert sync.look().attributes("Industry")[zuora_id] == "Fishing"


def test_a_value_that_returns_after_a_day_is_read_again(org, sync):
    truth = Truth(org)
    zuora_id, salesforce_id = next(pair for pair in truth.matches().items() if truth.accounts[pair[1]]["Industry"])
    sync.first_day(fields=FIELDS)
    for day, industry in (("2026-03-02", "Mining"), ("2026-03-03", truth.accounts[salesforce_id]["Industry"])):
        org.update_account(salesforce_id, stamped=False, Industry=industry)
        assert sync(day=day).attributes("Industry")[zuora_id] == industry


@pytest.mark.parametrize(
    "change",
    [
        lambda org, _: org.change_field("ARR__c", precision=18, scale=4),
        lambda _, sync: sync.configure(fields=FIELDS[1:]),
        lambda _, sync: sync.change_warehouse("UPDATE ops.record_texts_state SET rules = 'of an older version'"),
    ],
    ids=["a type", "the selection", "the version"],
)
def test_every_record_is_cast_again_after_a_change_of(org, sync, change):
    sync.first_day(fields=FIELDS)
    change(org, sync)
    assert cast_records(sync, "2026-03-02") == len(Truth(org).accounts)
    assert sync.look().metric("ARR__c", "2026-03-02") == Truth(org).metric("ARR__c")
    assert cast_records(sync, "2026-03-03") == 0


def test_of_a_field_that_is_new_only_its_values_are_cast(org, sync):
    sync.first_day(fields=FIELDS)
    assert cast_records(sync, "2026-03-02", fields=[*FIELDS, *NEW]) == 0
    truth, run = Truth(org), sync.look()
    assert run.attributes("ERP_Id__c") == truth.attribute("ERP_Id__c")
    assert run.metric("Score__c", "2026-03-02") == truth.metric("Score__c")
    assert run.rows("SELECT count(*) FROM insights.attribute_changes") == [(0,)]
    zuora_id, salesforce_id = next(iter(truth.matches().items()))
    org.update_account(salesforce_id, ERP_Id__c="F-1", Score__c=7)
    assert cast_records(sync, "2026-03-03") == 1
    run = sync.look()
    changed = run.rows("SELECT account_id, field, new_value FROM insights.attribute_changes")
    assert (zuora_id, "ERP_Id__c", "F-1") in changed  # accounts may share the Salesforce Account
    assert run.metric("Score__c", "2026-03-03")[zuora_id] == 7


def test_a_new_value_that_does_not_fit_is_reported_though_its_record_is_known(org, sync):
    account = org.add_account(AnnualRevenue=1e30)
    sync(day="2026-03-01", fields=FIELDS)
    run = sync(day="2026-03-02", fields=[*FIELDS, "AnnualRevenue"])
    rejected = run.rows("SELECT salesforce_account_id, field FROM ops.rejected_values WHERE day = '2026-03-02'")
    assert rejected == [(account, "AnnualRevenue")]


def test_a_field_selected_and_deselected_on_one_day_leaves_nothing(org, sync):
    sync.first_day(fields=FIELDS)
    sync(day="2026-03-02", fields=[*FIELDS, *NEW])
    sync(day="2026-03-02", fields=FIELDS)
    assert "ERP_Id__c" not in dict(sync.read_warehouse("SELECT column_name, 1 FROM (DESCRIBE ops.attribute_values)"))
    assert sync.read_warehouse("SELECT count(*) FROM ops.metric_history WHERE metric = 'Score__c'") == [(0,)]
    org.update_account(next(iter(Truth(org).matches().values())), ERP_Id__c="F-1", Score__c=7)
    run = sync(day="2026-03-02", fields=[*FIELDS, *NEW])
    assert run.attributes("ERP_Id__c") == Truth(org).attribute("ERP_Id__c")
    assert run.metric("Score__c", "2026-03-02") == Truth(org).metric("Score__c")
    assert run.rows("SELECT count(*) FROM insights.attribute_changes") == [(0,)]


@pytest.mark.soak  # the test of rejected values that do not pile up has one on two days
def test_a_value_that_does_not_fit_is_reported_every_day(org, sync):
    salesforce_id = org.add_account(AnnualRevenue=1e30)
    for day in ("2026-03-01", "2026-03-02"):
        run = sync(day=day, fields=["AnnualRevenue"])
        reported = run.rows("SELECT salesforce_account_id, text FROM ops.rejected_values WHERE day = ?", [day])
        assert (salesforce_id, "1.0E30") in reported


def test_a_restored_backup_brings_back_what_was_known_then(org, sync, tmp_path):
    zuora_id, salesforce_id = next(iter(Truth(org).matches().items()))
    sync.first_day(fields=FIELDS)
    backup = tmp_path / "backup.duckdb"
    backup.write_bytes(sync.snapshot.read_bytes())
    org.update_account(salesforce_id, Industry="Mining")
    sync(day="2026-03-02")
    restore(Warehouse(sync.warehouse), backup)
    assert sync(day="2026-03-02").attributes("Industry")[zuora_id] == "Mining"


def test_pages_landed_before_a_backup_was_restored_are_not_used(org, sync, tmp_path, monkeypatch):
    zuora_id, salesforce_id = next(iter(Truth(org).matches().items()))
    sync.first_day(fields=FIELDS)
    backup = tmp_path / "backup.duckdb"
    backup.write_bytes(sync.snapshot.read_bytes())
    org.update_account(salesforce_id, Industry="Mining")
    sync(day="2026-03-02")
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    killed_in_the_middle_of_the_download(org, sync)
    restore(Warehouse(sync.warehouse), backup)
    run = sync(day="2026-03-03")
    created = [call for call in org.requests() if call["method"] == "POST" and call["path"].endswith(JOBS)]
    assert len(created) == 1
    assert run.attributes("Industry")[zuora_id] == "Mining"
