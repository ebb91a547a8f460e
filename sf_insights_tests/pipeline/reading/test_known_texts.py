"""A record whose text is the same as in the last sync keeps its values; every other one is cast again."""

import pytest

from sf_insights.warehouse.backups import restore
from sf_insights.warehouse.warehouse import Warehouse
from sf_insights_tests.pipeline.reading.test_reading import FIELDS, JOBS, killed_in_the_middle_of_the_download
from sf_insights_tests.pipeline.truth import Truth


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
    zuora_id, salesforce_id = next(iter(Truth(org).matches().items()))
    seen = []
    for day, industry in (("2026-03-01", "Fishing"), ("2026-03-02", "Mining"), ("2026-03-03", "Fishing")):
        org.update_account(salesforce_id, stamped=False, Industry=industry)
        seen.append(sync(day=day, fields=FIELDS).attributes("Industry")[zuora_id])
    assert seen == ["Fishing", "Mining", "Fishing"]


@pytest.mark.parametrize(
    "change",
    [
        lambda org, _: org.change_field("ARR__c", precision=18, scale=4),
        lambda _, sync: sync.configure(fields=[*FIELDS, "Type"]),
        lambda _, sync: sync.change_warehouse("UPDATE ops.record_texts_state SET reading = 'of an older version'"),
    ],
    ids=["the type", "the selection", "the version"],
)
def test_every_record_is_cast_again_after_a_change_of(org, sync, change):
    sync.first_day(fields=FIELDS)
    change(org, sync)
    assert cast_records(sync, "2026-03-02") == len(Truth(org).accounts)
    assert sync.look().metric("ARR__c", "2026-03-02") == Truth(org).metric("ARR__c")
    assert cast_records(sync, "2026-03-03") == 0


def test_a_value_that_does_not_fit_is_reported_every_day(org, sync):
    salesforce_id = org.add_account(AnnualRevenue=1e30)
    for day in ("2026-03-01", "2026-03-02"):
        run = sync(day=day, fields=["AnnualRevenue"])
        reported = run.rows("SELECT salesforce_account_id, text FROM ops.rejected_values WHERE day = ?", [day])
        assert (salesforce_id, "1.0E30") in reported


def test_a_restored_backup_brings_back_what_was_known_then(org, sync, tmp_path):
    zuora_id, salesforce_id = next(iter(Truth(org).matches().items()))
    org.update_account(salesforce_id, Industry="Fishing")
    sync(day="2026-03-01", fields=FIELDS)
    backup = tmp_path / "backup.duckdb"
    backup.write_bytes(sync.snapshot.read_bytes())
    org.update_account(salesforce_id, Industry="Mining")
    sync(day="2026-03-02")
    restore(Warehouse(sync.warehouse), backup)
    assert sync(day="2026-03-02").attributes("Industry")[zuora_id] == "Mining"


def test_pages_landed_before_a_backup_was_restored_are_not_used(org, sync, tmp_path, monkeypatch):
    zuora_id, salesforce_id = next(iter(Truth(org).matches().items()))
    sync(day="2026-03-01", fields=FIELDS)
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
