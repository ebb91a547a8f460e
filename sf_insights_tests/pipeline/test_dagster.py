"""What a run leaves in Dagster: materializations with metadata, checks, tags and reasons."""

import dagster as dg
import pytest

COUNTED = [
    "salesforce/account_fields",
    "salesforce/selected_fields",
    "salesforce/raw_accounts",
    "zuora/accounts",
    "insights/field_labels",
    "insights/matched_accounts",
    "insights/fields",
    "insights/account_attributes",
    "insights/attribute_changes",
    "insights/account_metrics",
]


@pytest.fixture
def instance(sync):
    def get():
        return dg.DagsterInstance.get()

    return get


def metadata(instance, key):
    event = instance.get_latest_materialization_event(dg.AssetKey(key.split("/")))
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def test_every_materialization_has_row_count_schema_and_preview(sync, instance):
    run = sync(day="2026-03-01")
    with instance() as dagster:
        for key in COUNTED:
            found = metadata(dagster, key)
            assert found["dagster/row_count"] == sync.count(key), key
            assert found["dagster/column_schema"].columns, key
            assert found["preview"].startswith("| "), key
        snapshot = metadata(dagster, "insights/published_snapshot")
        assert snapshot["snapshot"] == str(run.snapshot)
        assert snapshot["bytes"] == run.snapshot.stat().st_size
        assert metadata(dagster, "insights/matched_accounts")["accounts_matched"] > 0


def test_a_label_is_told_with_the_column_that_it_names(sync, instance):
    sync(day="2026-03-01", fields=["Industry", {"field": "Rating", "label": "Temperature"}])
    with instance() as dagster:
        schema = metadata(dagster, "insights/account_attributes")["dagster/column_schema"]
    described = {column.name: column.description for column in schema.columns}
    assert (described["Industry"], described["Rating"]) == ("Sssf Industry", "Temperature")


def test_relabelling_materializes_the_labels_and_the_snapshot_and_nothing_else(sync, instance):
    fields = ["Industry", {"field": "AnnualRevenue", "as": "metric"}]
    sync(day="2026-03-01", fields=fields)
    run = sync.relabel(fields=[{"field": "Industry", "label": "Branch"}, fields[1]])
    with instance() as dagster:
        made = dagster.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        keys = {entry.dagster_event.asset_key.to_user_string() for entry in made}
        assert "| Industry | Branch |" in metadata(dagster, "insights/field_labels")["preview"]
    assert keys == {"insights/field_labels", "insights/published_snapshot"}


def test_the_checks_pass_after_a_sync_and_warn_of_a_paused_field(org, sync, instance):
    sync(day="2026-03-01", fields=["Industry", "Rating"])
    with instance() as dagster:
        assert checks(dagster) == dict.fromkeys(CHECKS, True)
    org.hide_field("Rating")
    sync(day="2026-03-02")
    with instance() as dagster:
        assert checks(dagster) == dict.fromkeys(CHECKS, True) | {"no_field_is_paused": False}


CHECKS = {
    "every_record_arrived": "salesforce/raw_accounts",
    "ids_are_unique": "salesforce/raw_accounts",
    "enough_accounts_match": "insights/matched_accounts",
    "no_field_is_paused": "salesforce/selected_fields",
    "labels_are_unique": "insights/field_labels",
}


def checks(dagster):
    keys = [dg.AssetCheckKey(dg.AssetKey(asset.split("/")), name) for name, asset in CHECKS.items()]
    latest = dagster.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    return {key.name: latest[key].event.dagster_event.asset_check_evaluation_data.passed for key in keys}


def test_a_run_shows_the_day_it_was_given_and_the_reason_of_a_failure(org, sync, instance):
    org.fault("job_failed", message="InvalidBatch : Failed to process query: QUERY_TIMEOUT: too long")
    run = sync(day="2026-03-01")
    with instance() as dagster:
        record = dagster.get_run_by_id(run.run_id)
        assert record.tags["sf_insights/today"] == "2026-03-01"
        assert record.status is dg.DagsterRunStatus.FAILURE
        failures = [
            entry.dagster_event.step_failure_data.user_failure_data.description
            for entry in dagster.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
            if entry.dagster_event.step_failure_data.user_failure_data
        ]
    assert failures == [run.reason]


def test_a_day_that_is_no_date_is_refused(sync):
    run = sync(day="yesterday")
    assert not run.success
    assert "SF_INSIGHTS_TODAY" in run.reason
