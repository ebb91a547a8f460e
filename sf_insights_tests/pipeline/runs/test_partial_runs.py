"""Runs of any part of the assets, new or after a failure, today or tomorrow: correct data or a clear message.

`make soak` runs hundreds of times as many.
"""

import json
import os
import random
import shutil
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pytest

from sf_insights.dagster_instance.home import use_dagster_home
from sf_insights.definitions import defs
from sf_insights.demo.process import DemoOrg
from sf_insights_tests.pipeline.pipeline import Pipeline
from sf_insights_tests.pipeline.runs.test_reruns import content
from sf_insights_tests.soak import IS_SOAK, some

STEPS = {
    "salesforce__account_fields": ["salesforce/account_fields"],
    "salesforce__selected_fields": ["salesforce/selected_fields"],
    "insights__field_labels": ["insights/field_labels"],
    "salesforce__raw_accounts": ["salesforce/raw_accounts"],
    "zuora__accounts": ["zuora/accounts"],
    "insights__matched_accounts": ["insights/matched_accounts"],
    "insights_model": [
        "insights/fields",
        "insights/account_attributes",
        "insights/attribute_changes",
        "insights/account_metrics",
    ],
    "insights__published_snapshot": ["insights/published_snapshot"],
}
METRIC = {"field": "ARR__c", "as": "metric"}
BEFORE = ["Industry", "Rating", METRIC]
CHANGED = ["Industry", "Phone", METRIC, {"field": "NumberOfEmployees", "as": "metric"}]
CHANGED_AGAIN = ["Industry", "Type", METRIC]
# One that reads accounts, after others that succeeded and before others that follow.
FAILED = STEPS if IS_SOAK else ["zuora__accounts"]
RUNS = 360 if IS_SOAK else 1
SEED = int(os.environ.get("SF_INSIGHTS_SEED", "1"))
FRESH = "nothing"


def sync_job():
    return defs.resolve_job_def("daily_account_field_sync")


def materialize(keys):
    """Materialize these assets in one run."""
    with dg.DagsterInstance.get() as instance:
        return sync_job().execute_in_process(
            instance=instance,
            asset_selection=[dg.AssetKey(key.split("/")) for key in keys],
            raise_on_error=False,
        )


def reasons(result):
    """Return each failed step's message, or None for a step with only a traceback."""
    failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    return [failure.user_failure_data and failure.user_failure_data.description for failure in failures]


def known(run):
    """Return what analysts see, without labels, which every publishing run updates."""
    return {name: rows for name, rows in content(run).items() if name not in ("field_labels", "data_dictionary")}


@dataclass
class Days:
    """A warehouse synced on 2026-03-01, whose org is a day older, and its later syncs."""

    org: DemoOrg
    sync: Pipeline
    first: dict[str, list[tuple[Any, ...]]]

    def stopped_at(self, step):
        """Sync 2026-03-02 and stop where this step starts."""

        def stop(news):
            if (news.step, news.kind) == (step, "began"):
                raise KeyboardInterrupt

        self.sync.configure(fields=CHANGED)
        assert not self.sync.run("2026-03-02", on_news=stop).success


@pytest.fixture(scope="module")
def passed_org(tmp_path_factory):
    with DemoOrg.started(tmp_path_factory.mktemp("partial"), accounts=60, seed=3) as org:
        yield org


@pytest.fixture(scope="module")
def first_day(passed_org, dagster_home, tmp_path_factory):
    """The data directory after the first day. The org is then a day older and does not change again."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in passed_org.environment.items():
            patch.setenv(name, value)
        place = tmp_path_factory.mktemp("first")
        sync = Pipeline(place / "data", dagster_home, patch)
        sync(day="2026-03-01", fields=BEFORE)
        passed_org.pass_day()
        return sync.data


@pytest.fixture
def days(passed_org, first_day, dagster_home, tmp_path, monkeypatch, request):
    for name, value in passed_org.environment.items():
        monkeypatch.setenv(name, value)
    home = tmp_path / "dagster" if request.node.get_closest_marker("kept_log") else dagster_home
    sync = Pipeline(tmp_path / "data", home, monkeypatch)
    shutil.copytree(first_day, sync.data, dirs_exist_ok=True)
    use_dagster_home()
    return Days(passed_org, sync, known(sync.look()))


@pytest.fixture(scope="module")
def undisturbed(passed_org, first_day, dagster_home, tmp_path_factory):
    """What analysts see after uninterrupted syncs: `undisturbed((day, fields), ...)`."""
    seen = {}

    def after(*syncs):
        key = json.dumps(syncs)
        if key not in seen:
            with pytest.MonkeyPatch.context() as patch:
                for name, value in passed_org.environment.items():
                    patch.setenv(name, value)
                place = tmp_path_factory.mktemp("undisturbed")
                sync = Pipeline(place / "data", dagster_home, patch)
                shutil.copytree(first_day, sync.data, dirs_exist_ok=True)
                for day, fields in syncs:
                    sync(day=day, fields=fields)
                seen[key] = known(sync.look())
        return seen[key]

    return after


@pytest.mark.parametrize("step", FAILED)
def test_a_run_from_the_failed_step_gives_the_same_result_as_a_full_run(days, undisturbed, step):
    days.stopped_at(step)
    rest = [key for keys in list(STEPS.values())[list(STEPS).index(step) :] for key in keys]
    result = materialize(rest)
    assert result.success, reasons(result)
    assert known(days.sync.look()) == undisturbed(("2026-03-02", CHANGED))


@pytest.mark.parametrize("step", FAILED)
def test_a_run_from_the_failed_step_on_the_next_day_never_mixes_two_days(days, undisturbed, monkeypatch, step):
    days.stopped_at(step)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    rest = list(STEPS)[list(STEPS).index(step) :]
    result = materialize([key for name in rest for key in STEPS[name]])
    if step == "salesforce__account_fields":
        assert result.success
        assert known(days.sync.look()) == undisturbed(("2026-03-03", CHANGED))
    elif "zuora__accounts" in rest:
        assert "would continue the sync of 2026-03-02, but would read data of 2026-03-03" in reasons(result)[0]
        assert known(days.sync.look()) == days.first
    else:  # both lists were read on the second day; this completes its sync
        assert result.success, reasons(result)
        assert known(days.sync.look()) == undisturbed(("2026-03-02", CHANGED))


@pytest.mark.kept_log
def test_dagsters_reexecution_from_failure_uses_the_current_settings_file(days, undisturbed):
    days.sync.configure(fields=[*CHANGED, "Phonne"])
    failed = days.sync.run("2026-03-02")
    assert "Phonne" in failed.reason
    days.sync.configure(fields=CHANGED)
    with dg.DagsterInstance.get() as instance:
        options = dg.ReexecutionOptions.from_failure(failed.run_id, instance)
        with dg.execute_job(dg.reconstructable(sync_job), instance, reexecution_options=options) as result:
            assert result.success
            assert "salesforce__account_fields" not in {event.step_key for event in result.all_events}
    assert known(days.sync.look()) == undisturbed(("2026-03-02", CHANGED))


def test_materializing_assets_one_by_one_completes_a_sync(days, undisturbed, monkeypatch):
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-02")
    days.sync.configure(fields=CHANGED)
    for keys in STEPS.values():
        result = materialize(keys)
        assert result.success, reasons(result)
    assert known(days.sync.look()) == undisturbed(("2026-03-02", CHANGED))


@pytest.mark.parametrize(
    ("left_out", "said"),
    some(
        [
            ("insights_model", "not all from the same sync"),
            ("insights__field_labels", "Phone, NumberOfEmployees have no label yet"),
            ("insights__matched_accounts", "builds on insights/matched_accounts"),
            ("salesforce__selected_fields", "builds on salesforce/selected_fields"),
            ("salesforce__raw_accounts", "builds on salesforce/raw_accounts"),
            ("zuora__accounts", "builds on zuora/accounts"),
        ],
        3,
    ),
)
def test_a_run_that_leaves_an_asset_out_names_it_and_publishes_nothing(days, monkeypatch, left_out, said):
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-02")
    days.sync.configure(fields=CHANGED)
    result = materialize([key for step, keys in STEPS.items() if step != left_out for key in keys])
    assert said in " ".join(reasons(result))
    assert known(days.sync.look()) == days.first


def test_materializing_one_model_table_makes_all_of_them(days, undisturbed, monkeypatch):
    days.stopped_at("insights_model")
    result = materialize(["insights/account_metrics", "insights/published_snapshot"])
    assert result.success, reasons(result)
    made = {
        event.asset_key.to_user_string()
        for event in result.all_events
        if event.event_type_value == "ASSET_MATERIALIZATION"
    }
    assert made == {*STEPS["insights_model"], "insights/published_snapshot"}
    assert known(days.sync.look()) == undisturbed(("2026-03-02", CHANGED))


@pytest.mark.parametrize("table", ["ops.warehouse", "ops.sync_runs"])
def test_accounts_of_another_org_are_not_mixed_into_a_sync(days, table):
    days.stopped_at("salesforce__raw_accounts")
    before = days.sync.read_warehouse("FROM salesforce.raw_accounts ORDER BY ALL")
    days.sync.change_warehouse(f"UPDATE {table} SET org_id = '00D000000000001EAA'")
    result = materialize(["salesforce/raw_accounts"])
    assert "00D000000000001EAA" in reasons(result)[0]
    assert days.sync.read_warehouse("FROM salesforce.raw_accounts ORDER BY ALL") == before


def test_a_partial_run_is_reported_as_partial_and_not_as_failed(days):
    assert materialize(["insights/matched_accounts"]).success
    [(state, reason)] = days.sync.read_warehouse("SELECT state, reason FROM ops.sync_runs ORDER BY sync DESC LIMIT 1")
    assert state == "partial"
    assert "some of the assets" in reason


def cases():
    """Random runs: where the second day's sync stopped, the assets that run next, their day, and the file."""
    chosen = random.Random(SEED)  # noqa: S311 - it must repeat
    for number in range(RUNS):
        stopped = chosen.choice([FRESH, *STEPS])
        steps = [step for step in STEPS if chosen.random() < 0.6] or ["insights__published_snapshot"]
        yield pytest.param(
            stopped,
            steps,
            chosen.choice(["2026-03-02", "2026-03-03"]),
            chosen.choice([CHANGED, CHANGED_AGAIN]),
            id=str(number),
        )


@pytest.mark.parametrize(("stopped", "steps", "day", "fields"), list(cases()))
def test_any_partial_run_leaves_correct_data_or_says_what_to_run(
    days, undisturbed, monkeypatch, stopped, steps, day, fields
):
    if stopped != FRESH:
        days.stopped_at(stopped)
    days.sync.configure(fields=fields)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", day)
    result = materialize([key for step in steps for key in STEPS[step]])
    for reason in reasons(result):
        assert reason, "a traceback and no sentence"
        assert "Materialize" in reason or "Run `sf-insights sync`" in reason
    seen = known(days.sync.look())
    ends = {"nothing": days.first, "the second day": undisturbed(("2026-03-02", CHANGED))}
    ends["this day"] = undisturbed((day, fields))
    assert seen in ends.values()
    complete_days = days.sync.read_warehouse("SELECT DISTINCT day::VARCHAR FROM ops.sync_runs WHERE state = 'complete'")
    # A repeated day equals one that was synced once.
    completed = [("2026-03-02", CHANGED)] if ("2026-03-02",) in complete_days and day == "2026-03-03" else []
    days.sync(day=day, fields=fields)
    assert known(days.sync.look()) == undisturbed(*completed, (day, fields))
