"""Repeated days, failed days and past days."""

import duckdb
import pytest

from sf_insights_tests.pipeline.truth import Truth
from sf_insights_tests.soak import IS_SOAK

FIELDS = ["Industry", "BillingLatitude", {"field": "ARR__c", "as": "metric"}]
# Everything that analysts read, without the timestamps of the run.
CONTENT = {
    "accounts": "*",
    "matched_accounts": "*",
    "account_attributes": "*",
    "attribute_changes": "*",
    "attribute_history": "*",
    "account_metrics": "*",
    "metric_changes": "*",
    "account_timeline": "*",
    "metric_history": "*",
    "metric_summary": "*",
    "fields": "* EXCLUDE (first_synced_at, last_synced_at)",
    "field_days": "*",
    "field_events": "*",
    "field_labels": "* EXCLUDE (updated_at)",
    "data_dictionary": "*",
}


def content(run):
    """Return the rows of each relation; an earlier version's snapshot lacks some of them."""
    sql = "SELECT DISTINCT table_name FROM duckdb_columns() WHERE schema_name = 'insights'"
    there = {name for (name,) in run.rows(sql)}
    return {
        name: run.rows(f"SELECT {columns} FROM insights.{name} ORDER BY ALL")
        for name, columns in CONTENT.items()
        if name in there
    }


def test_a_second_sync_of_an_unchanged_day_changes_nothing(org, sync):
    sync.first_day(fields=FIELDS)
    org.pass_day()
    once = content(sync(day="2026-03-02"))
    assert content(sync(day="2026-03-02")) == once


@pytest.mark.soak
def test_a_second_sync_of_the_first_day_changes_nothing(sync):
    once = content(sync.first_day(fields=FIELDS))
    assert content(sync(day="2026-03-01")) == once


def test_the_last_run_of_a_day_counts_as_the_only_one(org, sync, tmp_path):
    alone, twice = sync, sync.beside(tmp_path / "twice")

    def known(pipeline, **settings):
        return content(pipeline.use()(**settings)) | {"field_labels": None}

    for pipeline in (alone, twice):
        pipeline.use().first_day(fields=FIELDS)
    org.pass_day()
    # An earlier run of the second day had other values, matches and fields than the last one.
    if IS_SOAK:
        known(twice, day="2026-03-02", fields=[*FIELDS, "Type"])
    victims = list(Truth(org).matches().items())[:3]
    org.update_account(victims[0][1], Industry="Energy", ARR__c=1.5)
    org.delete_account(victims[1][1])
    org.delete_zuora_account(victims[2][0])
    known(twice, day="2026-03-02", fields=["Industry", "Type", {"field": "BillingLatitude", "as": "metric"}])
    org.pass_day()
    assert known(twice, day="2026-03-02", fields=FIELDS) == known(alone, day="2026-03-02")
    org.pass_day()
    assert known(twice, day="2026-03-03") == known(alone, day="2026-03-03")


def test_a_day_can_be_synced_again_with_a_new_field(org, sync):
    sync.first_day(fields=["Industry"])
    run = sync(day="2026-03-01", fields=["Industry", "Rating"])
    accounts = Truth(org).accounts
    linked = run.rows("SELECT account_id, salesforce_account_id FROM insights.account_attributes WHERE is_current")
    assert run.attributes("Rating") == {key: accounts[id_]["Rating"] for key, id_ in linked}


def test_a_failed_second_run_of_a_day_keeps_the_first(org, sync):
    sync.first_day(fields=FIELDS)
    before = sync.snapshot.read_bytes()
    org.fault("job_failed", message="InvalidBatch : Failed to process query: QUERY_TIMEOUT: too long")
    sync.fails(day="2026-03-01")
    assert sync.snapshot.read_bytes() == before
    sync(day="2026-03-01")


def test_a_past_day_is_refused_and_nothing_changes(sync):
    sync(day="2026-03-02", fields=FIELDS)
    before = sync.snapshot.read_bytes()
    run = sync.fails(day="2026-03-01")
    assert "2026-03-01" in run.reason
    assert "2026-03-02" in run.reason
    assert sync.snapshot.read_bytes() == before


def test_changes_of_a_failed_day_are_dated_by_the_next_complete_sync(org, sync):
    sync.first_day(fields=FIELDS)
    zuora_id, salesforce_id = next(iter(Truth(org).matches().items()))
    org.update_account(salesforce_id, Industry="Energy")
    # Both lists are read, and then the org is another one: the day is never completed.
    org.fault("status", path="/v1/action/query", status=400, body={"success": False, "reasons": []}, times=None)
    sync.fails(day="2026-03-02")
    org.clear_faults()
    run = sync(day="2026-03-03")
    [change] = run.rows(
        "SELECT changed_on::VARCHAR, previous_synced_on::VARCHAR, new_value FROM insights.attribute_changes "
        "WHERE account_id = ? AND field = 'Industry'",
        [zuora_id],
    )
    assert change == ("2026-03-03", "2026-03-01", "Energy")
    assert run.rows("SELECT DISTINCT date::VARCHAR FROM insights.field_days ORDER BY 1") == [
        ("2026-03-01",),
        ("2026-03-03",),
    ]


def test_a_value_that_became_null_is_noticed_after_a_failed_sync_without_its_field(org, sync):
    truth = Truth(org)
    zuora_id, salesforce_id = next(pair for pair in truth.matches().items() if truth.accounts[pair[1]]["Rating"])
    sync.first_day(fields=["Industry", "Rating"])
    org.fault("status", path="/v1/action/query", status=400, body={"success": False, "reasons": []}, times=None)
    sync.fails(day="2026-03-02", fields=["Industry"])
    org.clear_faults()
    org.update_account(salesforce_id, Rating=None)
    run = sync(day="2026-03-02", fields=["Industry", "Rating"])
    assert run.attributes("Rating")[zuora_id] is None


def test_each_run_is_recorded_with_its_outcome(org, sync):
    sync.first_day(fields=FIELDS)
    org.fault("job_aborted")
    failed = sync.fails(day="2026-03-02")
    sync(day="2026-03-03")
    rows = sync.read_warehouse("SELECT sync, day::VARCHAR, state, reason FROM ops.sync_runs ORDER BY sync")
    assert rows == [
        (1, "2026-03-01", "complete", None),
        (2, "2026-03-02", "failed", failed.reason),
        (3, "2026-03-03", "complete", None),
    ]


def test_an_open_reader_sees_the_old_day_through_two_syncs(org, sync):
    sync.first_day(fields=FIELDS)
    with duckdb.connect(str(sync.snapshot), read_only=True) as reader:
        for day in ("2026-03-02", "2026-03-03"):
            org.pass_day()
            sync(day=day)
            assert reader.execute("SELECT synced_on::VARCHAR FROM insights.snapshot").fetchall() == [("2026-03-01",)]
            assert reader.execute("SELECT max(date)::VARCHAR FROM insights.account_metrics").fetchall() == [
                ("2026-03-01",)
            ]
