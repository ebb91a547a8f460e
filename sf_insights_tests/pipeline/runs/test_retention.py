"""Old records of syncs are deleted after the retention, but nothing that analysts read."""

import pytest

from sf_insights_tests.pipeline.pipeline import Pipeline
from sf_insights_tests.pipeline.runs.test_reruns import content
from sf_insights_tests.pipeline.truth import Truth

FIELDS = ["Industry", "Rating", {"field": "ARR__c", "as": "metric"}]
# Uses the days of the first and last sync, because the timestamps differ between warehouses.
FIELD_DAYS = """
SELECT field, first.day::VARCHAR, last.day::VARCHAR FROM insights.fields
LEFT JOIN ops.sync_runs AS first ON first.opened_at = first_synced_at
LEFT JOIN ops.sync_runs AS last ON last.opened_at = last_synced_at ORDER BY field
"""


def days_in(run, table):
    return [day for (day,) in run.rows(f"SELECT DISTINCT day::VARCHAR FROM {table} ORDER BY 1")]


def referenced_but_deleted(run):
    """Return the syncs that a table refers to and of which nothing is recorded, by table."""
    columns = {
        "salesforce.raw_accounts": "changed_in_sync",
        "zuora.accounts": "changed_in_sync",
        "ops.account_matches": "changed_in_sync",
        "salesforce.selected_fields": "sync",
        "insights.snapshot": "sync",
        "ops.field_stats": "sync",
        "ops.rejected_values": "sync",
    }
    found = {
        table: run.rows(f"SELECT {column} FROM {table} EXCEPT SELECT sync FROM ops.sync_runs")
        for table, column in columns.items()
    }
    return {table: rows for table, rows in found.items() if rows}


def a_rejected_value(org):
    """Give one matched account a number that no column can hold."""
    salesforce_id = next(iter(Truth(org).matches().values()))
    org.update_account(salesforce_id, NumberofLocations__c=1e30)


def test_older_rows_are_deleted_unless_something_refers_to_them(org, sync):
    a_rejected_value(org)
    fields = ["Industry", "NumberofLocations__c", {"field": "ARR__c", "as": "metric"}]
    sync(day="2026-03-01", fields=fields, retention={"ops_days": 1})
    sync(day="2026-03-02")
    org.hide_field("NumberofLocations__c")
    sync(day="2026-03-03")
    org.fault("job_failed", message="InvalidBatch : Failed to process query: QUERY_TIMEOUT: too long")
    sync.fails(day="2026-03-04")
    sync(day="2026-03-05")
    org.update_account(next(iter(Truth(org).matches().values())), Industry="Energy")
    sync(day="2026-03-06")
    sync(day="2026-03-07")
    run = sync(day="2026-03-08")
    assert days_in(run, "ops.match_history") == ["2026-03-07", "2026-03-08"]
    # The findings of a field's last sync, after it is no longer read.
    assert days_in(run, "ops.rejected_values") == ["2026-03-02"]
    stats = (
        "SELECT field, list(day::VARCHAR ORDER BY day) FROM ops.field_stats JOIN ops.sync_runs USING (sync) GROUP BY 1"
    )
    assert dict(run.rows(stats)) == {
        "ARR__c": ["2026-03-07", "2026-03-08"],
        "Industry": ["2026-03-07", "2026-03-08"],
        "NumberofLocations__c": ["2026-03-02"],
    }
    # Kept: the first sync of every field, a field's last one, the sync that brought a row, and the last two days.
    # Deleted: the failed sync and those that changed nothing.
    kept = ["2026-03-01", "2026-03-02", "2026-03-06", "2026-03-07", "2026-03-08"]
    assert days_in(run, "ops.sync_runs") == kept
    assert referenced_but_deleted(run) == {}


@pytest.mark.soak  # the test before looks at the references too
def test_every_sync_referenced_by_another_table_is_kept(org, sync):
    for number in range(1, 7):
        run = sync(day=f"2026-03-0{number}", fields=FIELDS, retention={"ops_days": 1})
        org.pass_day()
    assert referenced_but_deleted(run) == {}


def test_by_default_two_years_are_kept(sync):
    sync.first_day(fields=FIELDS)
    for day in ("2026-03-02", "2028-02-28"):
        run = sync(day=day)
    assert days_in(run, "ops.match_history") == ["2026-03-01", "2026-03-02", "2028-02-28"]
    run = sync(day="2028-03-01")
    assert days_in(run, "ops.match_history") == ["2026-03-02", "2028-02-28", "2028-03-01"]


def test_the_previous_sync_is_kept_after_a_long_pause(org, sync):
    sync.first_day(fields=FIELDS, retention={"ops_days": 1})
    sync(day="2026-03-02")
    org.pass_day()
    run = sync(day="2026-04-01")
    assert days_in(run, "ops.match_history") == ["2026-03-02", "2026-04-01"]
    before = content(run)
    assert content(sync(day="2026-04-01")) == before


@pytest.fixture
def without_retention(dagster_home, tmp_path, monkeypatch):
    """Another data directory without retention."""
    return Pipeline(tmp_path / "without_retention", dagster_home, monkeypatch)


@pytest.mark.soak  # the model of random days, which keeps three days of ops tables, shows it too
@pytest.mark.slow
def test_retention_changes_nothing_that_analysts_see(org, sync, without_retention, monkeypatch):
    a_rejected_value(org)
    everything = ["Industry", "Rating", "NumberofLocations__c", "BillingCountry", {"field": "ARR__c", "as": "metric"}]
    switched = [*everything[:-1], "ARR__c"]

    def in_both(day, fields):
        seen = []
        for pipeline, settings in ((without_retention, {}), (sync, {"retention": {"ops_days": 1}})):
            monkeypatch.setenv("SF_INSIGHTS_DATA_DIR", str(pipeline.data))
            run = pipeline(day=day, fields=fields, **settings)
            seen.append((content(run), run.rows(FIELD_DAYS)))
        assert seen[0] == seen[1], day

    (_, salesforce_id), (gone_id, _) = list(Truth(org).matches().items())[1:3]
    gone = next(row for row in org.zuora_accounts() if row["Id"] == gone_id)
    in_both("2026-03-01", everything)
    org.pass_day()
    org.hide_field("Rating")
    org.delete_account(salesforce_id)
    org.delete_zuora_account(gone_id)
    in_both("2026-03-02", everything)
    in_both("2026-03-03", switched)
    org.pass_day()
    in_both("2026-03-04", switched)
    in_both("2026-03-04", [*switched, "Type"])  # a second sync of the day
    in_both("2026-03-05", everything[1:])
    # The state of the first day returns: values, an account, a category and a field.
    org.show_field("Rating")
    org.undelete_account(salesforce_id)
    org.update_account(salesforce_id, Industry="Energy", Rating="Hot")
    org.add_zuora_account(Id=gone_id, **{name: gone[name] for name in ("CrmId", "Name", "kind", "salesforce_id")})
    in_both("2026-03-06", everything)
    in_both("2026-03-06", everything)
    org.pass_day()
    in_both("2026-03-07", switched)
    assert len(days_in(sync.look(), "ops.match_history")) < len(days_in(without_retention.look(), "ops.match_history"))


def test_an_emptied_field_stays_paused_beyond_the_retention(org, sync):
    before = sync.first_day(fields=["Industry", "BillingCountry"], retention={"ops_days": 1})
    org.remove_field("BillingCountry")
    org.add_field("BillingCountry", "Billing Country", "string", length=80)
    for number in range(2, 5):
        run = sync(day=f"2026-03-0{number}")
        assert run.field("BillingCountry").status == "paused"
    assert days_in(run, "ops.match_history") == ["2026-03-03", "2026-03-04"]
    assert run.attributes("BillingCountry") == before.attributes("BillingCountry")


def test_daily_rejected_values_do_not_pile_up(org, sync):
    a_rejected_value(org)
    for number in range(1, 4):
        run = sync(day=f"2026-03-0{number}", fields=["Industry", "NumberofLocations__c"], retention={"ops_days": 1})
    assert days_in(run, "ops.rejected_values") == ["2026-03-02", "2026-03-03"]


def test_no_analysts_view_reads_deleted_rows(sync):
    run = sync.first_day(fields=FIELDS)
    texts = [text for (text,) in run.rows("SELECT sql FROM duckdb_views() WHERE schema_name = 'insights'")]
    assert any("ops.attribute_values" in text for text in texts)
    for table in ("sync_runs", "field_stats", "rejected_values", "match_history"):
        assert not [text for text in texts if table in text], table
