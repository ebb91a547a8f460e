"""The definitions that Dagster loads."""

from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from sf_insights.checks import ALL_CHECKS
from sf_insights.definitions import defs

FLOW = {
    "salesforce/account_fields": set(),
    "salesforce/selected_fields": {"salesforce/account_fields"},
    "salesforce/raw_accounts": {"salesforce/selected_fields"},
    "zuora/accounts": {"salesforce/selected_fields"},
    "insights/field_labels": {"salesforce/selected_fields"},
    "insights/matched_accounts": {"salesforce/raw_accounts", "zuora/accounts"},
    "insights/fields": {"insights/matched_accounts", "insights/field_labels"},
    "insights/account_attributes": {"insights/matched_accounts", "insights/field_labels"},
    "insights/attribute_changes": {"insights/matched_accounts", "insights/field_labels"},
    "insights/account_metrics": {"insights/matched_accounts", "insights/field_labels"},
    "insights/published_snapshot": {
        "insights/fields",
        "insights/account_attributes",
        "insights/attribute_changes",
        "insights/account_metrics",
        "insights/field_labels",
    },
    "salesforce/account_history": set(),  # on demand: it walks back from the last sync's values
    "insights/account_history": {"salesforce/account_history"},
    "insights/published_history": {"insights/account_history"},
    "outbound/desired_values": set(),  # it reads the published file, and does not wait for a sync
    "outbound/differences": {"outbound/desired_values"},
    "outbound/sent_values": {"outbound/differences"},
    "outbound/published_outbound": {"outbound/sent_values"},
}


def test_the_asset_graph_goes_from_salesforce_fields_to_the_snapshot():
    specs = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}
    assert {key: {dep.asset_key.to_user_string() for dep in spec.deps} for key, spec in specs.items()} == FLOW
    assert {key: spec.group_name for key, spec in specs.items()} == {key: key.split("/")[0] for key in FLOW}
    assert all(spec.description and spec.kinds for spec in specs.values())


SCHEDULED = ("daily_account_field_sync", "outbound_account_field_sync")
JOBS = (*SCHEDULED, "account_history_backfill")


@pytest.mark.parametrize("name", JOBS)
def test_a_run_stays_in_one_process(name):
    assert defs.resolve_job_def(name).executor_def.name == "in_process"


def test_each_asset_belongs_to_one_job():
    keys = {
        name: {key.to_user_string() for key in defs.resolve_job_def(name).asset_layer.selected_asset_keys}
        for name in JOBS
    }
    assert keys["outbound_account_field_sync"] == {key for key in FLOW if key.startswith("outbound/")}
    assert keys["account_history_backfill"] == {key for key in FLOW if key.endswith("_history")}
    assert keys["daily_account_field_sync"] == set(FLOW) - keys["outbound_account_field_sync"] - keys[JOBS[2]]


def test_the_schedules_and_the_sensor_run_by_default():
    schedules, [sensor] = defs.schedules or (), defs.sensors or ()
    assert tuple(schedule.name for schedule in schedules) == SCHEDULED
    for schedule in schedules:
        assert schedule.name == schedule.job.name
        assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING


def test_each_check_looks_at_one_asset():
    checks = {spec.name: spec.asset_key.to_user_string() for check in ALL_CHECKS for spec in check.check_specs}
    assert checks == {
        "every_record_arrived": "salesforce/raw_accounts",
        "ids_are_unique": "salesforce/raw_accounts",
        "fill_rates_are_steady": "salesforce/raw_accounts",
        "no_field_is_masked": "salesforce/raw_accounts",
        "enough_accounts_match": "insights/matched_accounts",
        "no_field_is_paused": "salesforce/selected_fields",
        "labels_are_unique": "insights/field_labels",
    }


def test_assets_of_a_complete_sync_are_stale_after_26_hours():
    specs = defs.resolve_all_asset_specs()
    policies: dict[str, Any] = {spec.key.to_user_string(): spec.freshness_policy for spec in specs}
    model = {f"insights/{table}" for table in ("fields", "account_attributes", "attribute_changes", "account_metrics")}
    assert {key for key, policy in policies.items() if policy} == model
    assert {policies[key].fail_window.to_timedelta() for key in model} == {timedelta(hours=26)}
