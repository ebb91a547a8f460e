"""`sf-insights backfill`: what it says, also about what it cannot fill."""

import pytest

HISTORY = "SELECT count(*) FROM insights.field_days WHERE source = 'history'"


def test_it_says_what_it_filled_and_where_history_ends(synced):
    said = synced("backfill")
    assert said.code == 0, said.err
    [(days,)] = synced.rows(f"{HISTORY} AND field = 'Industry'")
    assert f"Industry: {days} days filled; before" in said.out
    [(points,)] = synced.rows("SELECT count(*) FROM insights.account_metrics WHERE source = 'history'")
    assert f"{points:,} points of metrics" in said.out
    [(accounts,)] = synced.rows("SELECT count(*) FROM ops.history_gaps WHERE reason = 'before_creation'")
    assert f"{accounts} the account was created then" in said.out


def test_it_counts_what_this_run_filled_and_not_what_an_earlier_one_did(synced):
    assert synced("backfill").code == 0
    said = synced("backfill", "--since", "2025-06-01")
    assert said.code == 0
    assert "Industry: 274 days filled; before 2025-06-01, nothing was asked for (--since)" in said.out
    [(points,)] = synced.rows(
        "SELECT count(*) FROM insights.account_metrics WHERE source = 'history' AND date >= '2025-06-01'"
    )
    [(changes,)] = synced.rows(
        "SELECT (SELECT count(*) FROM ops.attribute_changes WHERE source = 'history' AND changed_on > '2025-06-01') + "
        "(SELECT count(*) FROM ops.history_metric_changes WHERE changed_on > '2025-06-01')"
    )
    assert changes > 1
    assert f"{points:,} points of metrics and {changes:,} changes written" in said.out
    [(created,)] = synced.rows(
        "SELECT count(*) FROM ops.history_gaps WHERE reason = 'before_creation' AND known_from >= '2025-06-01'"
    )
    assert f"{created} the account was created then" in said.out


def test_a_dry_run_says_so_and_publishes_nothing(synced):
    before = synced.snapshot.stat().st_mtime_ns
    said = synced("backfill", "--dry-run", "industry", "--since", "2026-01-01")
    assert said.code == 0
    assert "would be filled" in said.out
    assert "sf-insights backfill industry --since 2026-01-01" in said.out
    assert synced.snapshot.stat().st_mtime_ns == before


def test_a_day_in_the_future_is_refused(synced):
    said = synced("backfill", "--since", "2026-03-03")
    assert said.code == 2
    assert "2026-03-03 is in the future" in said.err
    assert synced.rows(HISTORY) == [(0,)]


def test_a_day_without_days_before_the_last_sync_is_refused(synced):
    said = synced("backfill", "--since", "2026-03-02")
    assert said.code == 1
    assert "from 2026-03-02 on, there is nothing to fill. Give an earlier day." in said.err
    assert synced.rows(HISTORY) == [(0,)]


def test_a_day_before_salesforce_keeps_history_begins_with_the_first_kept_one(synced):
    said = synced("backfill", "--since", "2001-01-01")
    assert said.code == 0
    assert "keeps history for 24 months, so the first day is 2024-03-02, not 2001-01-01" in said.out


def test_a_field_that_is_not_selected_is_named_and_the_rest_goes_on(synced):
    said = synced("backfill", "Industry", "Website")
    assert said.code == 0
    assert "Website: not selected." in said.out
    assert synced.rows(f"{HISTORY} AND field = 'Industry'") != [(0,)]


def test_a_field_that_salesforce_does_not_have_is_said_to_be_missing(synced):
    said = synced("backfill", "Industry", "Nope__c", "Neither__c")
    assert said.code == 0
    assert "Nope__c, Neither__c: not a field of Account that the integration user can see." in said.out
    assert "not selected" not in said.out


def test_fields_without_history_share_one_sentence(synced):
    synced.configure(fields=["Industry", "Website", "Phone"])
    assert synced("sync").code == 0
    said = synced("backfill")
    assert "Phone, Website: no history in Salesforce. Switch on history tracking" in said.out
    assert said.out.count("Switch on history tracking") == 1


def test_a_field_without_history_is_named_with_what_to_switch_on(synced, org):
    synced.configure(fields=["Industry", "Website", "Description", "Revenue_Per_Employee__c", "Regions__c"])
    assert synced("sync").code == 0
    said = synced("backfill")
    assert said.code == 0
    assert "Website: no history in Salesforce. Switch on history tracking" in said.out
    assert "Description: Salesforce records that a long text changed" in said.out
    assert "Regions__c: Salesforce records that a multi-select picklist changed" in said.out
    assert "Revenue_Per_Employee__c: calculated by Salesforce" in said.out


def test_nothing_to_fill_is_a_failure_that_names_each_field(synced):
    said = synced("backfill", "Website")
    assert said.code == 1
    assert "No field can be filled. Website: not selected." in said.err


def test_an_org_without_account_history_says_what_to_switch_on(synced, org):
    org.configure(account_history=False)
    said = synced("backfill")
    assert said.code == 1
    assert "Salesforce shows the integration user no AccountHistory." in said.err
    assert "Set History Tracking" in said.err
    assert said.err.count("Nothing was") == 1


def test_before_the_first_sync_there_is_nothing_to_walk_back_from(sf_insights):
    said = sf_insights("backfill")
    assert said.code == 1
    assert "Nothing has been synced yet" in said.err


def test_it_starts_only_with_enough_api_calls(synced, org):
    org.configure(quota_used=80_500)
    said = synced("backfill")
    assert said.code == 1
    assert "Stopped for quota" in said.err


def test_a_sync_reads_no_history(sf_insights, org):
    assert sf_insights("sync").code == 0
    queries = [request["path"] for request in org.requests() if "/jobs/query" in request["path"]]
    assert len([path for path in queries if path.endswith("/jobs/query")]) == 1


@pytest.mark.parametrize("what", ["job_failed", "status"])
def test_a_failed_reading_changes_nothing(synced, org, what):
    if what == "job_failed":
        org.fault("job_failed", message="InvalidBatch : Failed to process query: QUERY_TIMEOUT", times=None)
    else:
        org.fault("status", path="/results", status=400, body=[{"errorCode": "X", "message": "no"}], times=None)
    before = synced.snapshot.read_bytes()
    assert synced("backfill").code == 1
    assert synced.snapshot.read_bytes() == before
    org.clear_faults()
    assert synced("backfill").code == 0
