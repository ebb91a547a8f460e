"""A run's records in Dagster: materializations with metadata, checks, tags and reasons."""

import hashlib
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from sf_insights.dagster_instance.home import use_dagster_home
from sf_insights.dagster_instance.recorded_runs import forget_runs
from sf_insights.definitions import defs
from sf_insights.demo.data.credentials import ORGANIZATION_ID
from sf_insights.settings.home import CHECKOUT
from sf_insights_tests.pipeline.pipeline import Pipeline, Run

pytestmark = pytest.mark.kept_log

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
SNAPSHOT = "insights/published_snapshot"
INDUSTRY = {"field": "Industry"}
REVENUE = {"field": "AnnualRevenue", "as": "metric"}


@dataclass
class Recorded:
    """A sync and a relabelling, with the metadata of what the sync made, and when, before the relabelling."""

    dagster: dg.DagsterInstance
    synced: Run
    relabelled: Run
    made: dict[str, dict[str, Any]]
    made_at: dict[dg.AssetKey, float]
    counts: dict[str, int]
    size: int


@pytest.fixture
def instance(sync):
    def get():
        return dg.DagsterInstance.get()

    return get


@pytest.fixture(scope="module")
def recorded(running_org, tmp_path_factory):
    """One sync and one relabelling of another data directory, for tests that only read what Dagster recorded."""
    running_org.reset()
    running_org.configure(job_seconds=1)
    place = tmp_path_factory.mktemp("recorded")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in running_org.environment.items():
            patch.setenv(name, value)
        patch.setenv("SF_INSIGHTS_THREADS", "1")
        sync = Pipeline(place / "data", place / "dagster", patch)
        synced = sync("2026-03-01", fields=[INDUSTRY, {"field": "Rating", "label": "Temperature"}, REVENUE])
        with dg.DagsterInstance.get() as dagster:
            made = {key: metadata(dagster, key) for key in [*COUNTED, SNAPSHOT]}
            made_at = times(dagster)
        counts = {key: sync.count(key) for key in COUNTED}
        size = sync.snapshot.stat().st_size
        relabelled = sync.relabel(fields=[INDUSTRY | {"label": "Branch"}, "Rating", REVENUE])
        with dg.DagsterInstance.get() as dagster:
            yield Recorded(dagster, synced, relabelled, made, made_at, counts, size)


def metadata(instance, key):
    event = instance.get_latest_materialization_event(dg.AssetKey(key.split("/")))
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def times(instance):
    """Return when each asset whose age Dagster watches was made."""
    watched = [spec.key for spec in defs.resolve_all_asset_specs() if spec.freshness_policy]
    return {key: instance.get_latest_materialization_event(key).timestamp for key in watched}


def test_every_materialization_has_row_count_schema_and_preview(recorded):
    for key in COUNTED:
        found = recorded.made[key]
        assert found["dagster/row_count"] == recorded.counts[key], key
        assert found["dagster/column_schema"].columns, key
        assert found["preview"].startswith("| "), key
    assert recorded.made[SNAPSHOT]["snapshot"] == str(recorded.synced.snapshot)
    assert recorded.made[SNAPSHOT]["bytes"] == recorded.size
    assert recorded.made["insights/matched_accounts"]["accounts_matched"] > 0


def test_relabelling_materializes_the_labels_and_the_snapshot_and_nothing_else(recorded):
    made = recorded.dagster.all_logs(recorded.relabelled.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    keys = {entry.dagster_event.asset_key.to_user_string() for entry in made}
    assert "| Industry | Branch |" in metadata(recorded.dagster, "insights/field_labels")["preview"]
    assert keys == {"insights/field_labels", SNAPSHOT}


def test_every_materialization_has_its_duration_in_seconds(recorded):
    seconds = {key: made["seconds"] for key, made in recorded.made.items()}
    assert all(isinstance(value, float) and 0 < value < 60 for value in seconds.values()), seconds
    assert seconds["salesforce/raw_accounts"] >= 1 > seconds["zuora/accounts"]


def test_columns_are_described_by_their_labels_or_the_data_dictionary(recorded):
    schemas = {
        key: {column.name: column.description for column in recorded.made[key]["dagster/column_schema"].columns}
        for key in ("insights/account_attributes", "insights/matched_accounts", "salesforce/raw_accounts")
    }
    assert schemas["insights/account_attributes"]["Industry"] == "Sssf Industry"
    assert schemas["insights/account_attributes"]["Rating"] == "Temperature"
    assert schemas["insights/account_attributes"]["synced_on"] == "The day of the sync that these values are from"
    assert all(schemas["insights/matched_accounts"].values())
    assert schemas["salesforce/raw_accounts"]["Industry"] == "Industry"


def test_runs_are_tagged_with_their_day_and_org(recorded):
    both = {recorded.synced.run_id, recorded.relabelled.run_id}
    for run_id in both:
        tags = recorded.dagster.get_run_by_id(run_id).tags
        assert tags["sf_insights/org"] == ORGANIZATION_ID
        assert tags["sf_insights/day"] == "2026-03-01"
    filters = dg.RunsFilter(tags={"sf_insights/org": ORGANIZATION_ID})
    assert {record.run_id for record in recorded.dagster.get_runs(filters)} == both


def test_a_run_refused_for_another_org_is_tagged_with_that_org(sync, instance):
    sync.first_day()
    sync.change_warehouse("UPDATE ops.warehouse SET org_id = '00D000000000001AAA'")
    refused = sync.fails(day="2026-03-02")
    with instance() as dagster:
        assert dagster.get_run_by_id(refused.run_id).tags["sf_insights/org"] == ORGANIZATION_ID


def test_checks_pass_after_a_sync(recorded):
    assert checks(recorded.dagster) == dict.fromkeys(CHECKS, True)


CHECKS = {
    "every_record_arrived": "salesforce/raw_accounts",
    "ids_are_unique": "salesforce/raw_accounts",
    "fill_rates_are_steady": "salesforce/raw_accounts",
    "no_field_is_masked": "salesforce/raw_accounts",
    "enough_accounts_match": "insights/matched_accounts",
    "no_field_is_paused": "salesforce/selected_fields",
    "labels_are_unique": "insights/field_labels",
}


def checks(dagster):
    keys = [dg.AssetCheckKey(dg.AssetKey(asset.split("/")), name) for name, asset in CHECKS.items()]
    latest = dagster.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    return {key.name: latest[key].event.dagster_event.asset_check_evaluation_data.passed for key in keys}


def test_a_paused_field_and_one_that_loses_many_values_are_warnings(org, sync, instance):
    sync.first_day(fields=["Industry", "Type", "Rating"])
    org.hide_field("Rating")
    filled = [account["Id"] for account in org.accounts() if account["Industry"] and not account["IsDeleted"]]
    for account in filled[: len(filled) // 2]:
        org.update_account(account, Industry=None)
    sync(day="2026-03-02")
    with instance() as dagster:
        warned = {"no_field_is_paused": False, "fill_rates_are_steady": False}
        assert checks(dagster) == dict.fromkeys(CHECKS, True) | warned
        key = dg.AssetCheckKey(dg.AssetKey(["salesforce", "raw_accounts"]), "fill_rates_are_steady")
        latest = dagster.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
    found = latest.event.dagster_event.asset_check_evaluation_data
    assert found.severity is dg.AssetCheckSeverity.WARN
    assert set(found.metadata) == {"drifted", "Industry"}


def test_a_run_shows_its_requested_day_and_the_reason_for_a_failure(org, sync, instance):
    org.fault("job_failed", message="InvalidBatch : Failed to process query: QUERY_TIMEOUT: too long")
    run = sync.fails(day="2026-03-01")
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


def test_a_day_that_is_not_a_date_is_refused(sync):
    run = sync.fails(day="yesterday")
    assert "SF_INSIGHTS_TODAY" in run.reason


def test_a_label_does_not_make_the_data_look_newer(recorded):
    assert times(recorded.dagster) == recorded.made_at
    assert recorded.made_at


@pytest.mark.soak  # the test of alerts of a sync that a check stopped shows it too
def test_a_failed_error_check_stops_the_following_steps(sync):
    sync(day="2026-03-01")
    before = sync.snapshot.read_bytes()
    sync.change_warehouse("INSERT INTO salesforce.raw_accounts FROM salesforce.raw_accounts LIMIT 1")
    run = sync.fails(day="2026-03-02")
    assert (
        run.reason == "The check every_record_arrived of salesforce/raw_accounts did not pass: records 312, rows 313. "
        "The warehouse does not contain what was read: restore a backup with `sf-insights restore`, and run again."
    )
    assert sync.snapshot.read_bytes() == before


def test_old_runs_are_deleted_with_all_their_data_after_a_sync(sync, instance, tmp_path):
    old = sync(day="2026-03-01").run_id
    other_old = sync.relabel().run_id
    young = sync(day="2026-03-02").run_id
    with sqlite3.connect(tmp_path / "dagster" / "history" / "runs.db") as runs:
        long_ago = datetime.now(UTC) - timedelta(days=8)
        runs.execute(
            "UPDATE runs SET update_timestamp = ? WHERE run_id IN (?, ?)", [str(long_ago)[:26], old, other_old]
        )
    sync(day="2026-03-02", retention={"run_days": 7})
    with instance() as dagster:
        left = {run.run_id for run in dagster.get_runs()}
        assert young in left
        assert len(left) == 2
        assert dagster.all_logs(young)
    kept = "\n".join(str(path) for path in (tmp_path / "dagster").rglob("*"))
    assert (old in kept, other_old in kept, young in kept) == (False, False, True)


def test_runs_of_the_latest_materializations_are_kept_at_any_age(recorded):
    assert forget_runs(recorded.dagster, datetime.now(UTC) + timedelta(days=1)) == 0
    assert recorded.dagster.get_run_by_id(recorded.synced.run_id)


def test_dagsters_settings_are_updated_until_somebody_edits_them(monkeypatch, tmp_path):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    copy, shipped = tmp_path / "dagster.yaml", (CHECKOUT / "dagster.yaml").read_text()
    # The only version that was copied without a mark.
    copy.write_text(shipped[: shipped.index("retention:")].replace("28800", "14400"))
    use_dagster_home()
    renewed = copy.read_text()
    assert renewed.endswith(shipped)
    older = "telemetry: {enabled: false}\n"
    mark = renewed.splitlines()[0].replace(digest(shipped), digest(older))
    copy.write_text(f"{mark}\n{older}")
    use_dagster_home()
    assert copy.read_text() == renewed
    copy.write_text(renewed.replace("28800", "7200"))
    use_dagster_home()
    assert copy.read_text() == renewed.replace("28800", "7200")


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()
