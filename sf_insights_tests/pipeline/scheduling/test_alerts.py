"""Alerts: one line per change of state, and a heartbeat after each publication."""

import signal
import uuid

import dagster as dg
import pytest

from sf_insights.dagster_instance.home import use_dagster_home
from sf_insights.definitions import defs
from sf_insights.runs import run_publishing
from sf_insights_tests.alert_receiver import Receiver
from sf_insights_tests.forked import forked
from sf_insights_tests.pipeline.truth import Truth

SYNC = """
import sys
from sf_insights.runs import run_sync
sys.exit(not run_sync(on_news=lambda news: print(news.step, news.kind, flush=True)).success)
"""


@pytest.fixture
def receiver(monkeypatch):
    with Receiver.started() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def test_each_change_of_state_alerts_once(org, sync, receiver):
    sync(day="2026-03-01", fields=["Industry", "Rating"])
    [line] = receiver.taken()
    assert line.startswith("sf_insights: New fields are visible")
    assert 'Industry as "Sssf Industry"' in line
    sync(day="2026-03-02")
    assert receiver.taken() == []
    assert receiver.beats == 2

    org.fault("job_failed", message="InvalidBatch : QUERY_TIMEOUT: too long", times=None)
    failed = sync.fails(day="2026-03-03")
    assert receiver.taken() == [f"sf_insights: The sync failed: {failed.reason}"]
    sync.fails(day="2026-03-03")
    assert receiver.taken() == []
    org.clear_faults()
    sync(day="2026-03-03")
    assert receiver.taken() == ["sf_insights: Recovered: the sync of 2026-03-03 is published."]

    org.hide_field("Rating")
    sync(day="2026-03-04")
    [line] = receiver.taken()
    assert line.startswith("sf_insights: Rating is paused")
    sync(day="2026-03-05")
    assert receiver.taken() == []
    org.show_field("Rating")
    sync(day="2026-03-06")
    assert receiver.taken() == ["sf_insights: Rating is synced again, or no longer selected."]


def test_relabelling_after_a_failed_sync_leaves_it_failed(org, sync, receiver):
    sync(day="2026-03-01", fields=["Industry", "Rating"])
    receiver.taken()
    org.fault("job_failed", message="InvalidBatch : QUERY_TIMEOUT: too long", times=None)
    sync.fails(day="2026-03-02")
    receiver.taken()
    branch = {"field": "Industry", "label": "Branch"}
    sync.relabel(fields=[branch, "Rating"])
    assert receiver.taken() == []
    assert receiver.beats == 1
    sync.fails(day="2026-03-02")
    assert receiver.taken() == []
    org.clear_faults()
    sync(day="2026-03-02")
    assert receiver.taken() == ["sf_insights: Recovered: the sync of 2026-03-02 is published."]


def test_relabelling_one_of_two_new_fields_repeats_no_alert(sync, receiver):
    sync(day="2026-03-01", fields=["Industry", "Rating"])
    receiver.taken()
    sync.relabel(fields=[{"field": "Industry", "label": "Branch"}, "Rating"])
    assert receiver.taken() == []
    refused = sync.relabel_fails(fields=["Industry", {"field": "Rating", "label": "Branch"}])
    assert "label" in refused.reason
    assert receiver.taken() == []  # the person who wrote the label sees why, and no sync failed


def test_a_successful_retry_of_a_step_sends_no_failure_alert(sync, receiver, monkeypatch):
    """A project that merges the assets may add Dagster's own retries."""
    inbound = dg.AssetSelection.all() - dg.AssetSelection.groups("outbound")
    job = dg.define_asset_job("retrying", inbound, op_retry_policy=dg.RetryPolicy(max_retries=1))
    landing = sync.data / "landing"
    retried = []

    def clear_the_way(entry, *_):
        if entry.dagster_event and entry.dagster_event.event_type_value == "STEP_UP_FOR_RETRY":
            retried.append(entry.step_key)
            landing.unlink()

    landing.write_text("a file where a directory should be")
    sync.configure(fields=[{"field": "Industry", "label": "Branch"}])
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-01")
    use_dagster_home()
    run_id = str(uuid.uuid4())
    with dg.DagsterInstance.get() as instance:
        instance.add_event_listener(run_id, clear_the_way)
        together = dg.Definitions.merge(defs, dg.Definitions(jobs=[job])).resolve_job_def("retrying")
        assert together.execute_in_process(instance=instance, run_id=run_id).success
    assert retried == ["salesforce__raw_accounts"]
    assert receiver.taken() == []
    assert receiver.beats == 1


@pytest.mark.kept_log
def test_a_sync_stopped_by_a_check_is_alerted_and_recorded_with_the_check(sync, receiver):
    sync(day="2026-03-01", fields=[{"field": "Industry", "label": "Branch"}])
    sync.change_warehouse("INSERT INTO salesforce.raw_accounts FROM salesforce.raw_accounts LIMIT 1")
    before = sync.snapshot.read_bytes()
    run = sync.fails(day="2026-03-02")
    assert (
        run.reason == "The check every_record_arrived of salesforce/raw_accounts did not pass: records 312, rows 313. "
        "The warehouse does not contain what was read: restore a backup with `sf-insights restore`, and run again."
    )
    assert sync.snapshot.read_bytes() == before
    assert receiver.taken() == [f"sf_insights: The sync failed: {run.reason}"]
    assert sync.read_warehouse("SELECT state, reason FROM ops.sync_runs WHERE sync = 2") == [("failed", run.reason)]
    sync.change_warehouse(
        "DELETE FROM salesforce.raw_accounts WHERE rowid IN (SELECT max(rowid) FROM salesforce.raw_accounts "
        'GROUP BY "Id" HAVING count(*) > 1)'
    )
    sync(day="2026-03-02")
    assert receiver.taken() == ["sf_insights: Recovered: the sync of 2026-03-02 is published."]


def test_a_late_published_sync_counts_as_recovered_and_keeps_no_reason(sync, receiver):
    sync.configure(fields=[{"field": "Industry", "label": "Branch"}])
    in_the_way = sync.data / ".account_insights.duckdb.part"
    in_the_way.mkdir()
    sync.fails(day="2026-03-01")
    [line] = receiver.taken()
    assert line.startswith("sf_insights: The sync failed: ")
    assert receiver.beats == 0
    reason = "SELECT reason FROM ops.sync_runs"
    assert sync.read_warehouse(reason) != [(None,)]
    in_the_way.rmdir()
    assert run_publishing().success
    assert sync.read_warehouse(reason) == sync.look().rows(reason) == [(None,)]
    assert receiver.taken() == ["sf_insights: Recovered: the sync of 2026-03-01 is published."]
    assert run_publishing().success
    assert receiver.taken() == []
    assert receiver.beats == 1


def test_news_of_an_unpublished_sync_is_alerted_by_the_next(org, sync, receiver):
    sync(day="2026-03-01", fields=[{"field": "Industry", "label": "Branch"}])
    for row in Truth(org).zuora:
        org.update_zuora_account(row["Id"], CrmId=None)
    in_the_way = sync.data / ".account_insights.duckdb.part"
    in_the_way.mkdir()
    sync.fails(day="2026-03-02", fields=["Rating"], accept=["match-rate"])
    in_the_way.rmdir()
    receiver.taken()
    sync(day="2026-03-03", accept=["match-rate"])
    recovered, fell, new = receiver.taken()
    assert "Recovered" in recovered
    assert "to 0% on 2026-03-03" in fell
    assert 'Rating as "Sssf Account Rating"' in new


@pytest.mark.kept_log
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_sync_alerts_but_one_stopped_by_a_person_does_not(sync, receiver, monkeypatch, number):
    sync(day="2026-03-01", fields=[{"field": "Industry", "label": "Branch"}])
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-02")
    with forked(SYNC) as process:
        for line in process.output:
            if line == "salesforce__raw_accounts began\n":
                process.signal(number)
        assert process.ended() == (1 if number == signal.SIGTERM else -signal.SIGKILL)
    assert receiver.taken() == []
    sync(day="2026-03-03")
    if number == signal.SIGTERM:
        assert receiver.taken() == []
    else:
        assert receiver.taken() == [
            "sf_insights: The sync of 2026-03-02 failed: The process ended before the sync was complete.",
            "sf_insights: Recovered: the sync of 2026-03-03 is published.",
        ]


@pytest.mark.soak  # a day that was not published has no matches in the test of its news
def test_a_day_without_matches_alerts_as_a_drop_to_zero(org, sync, receiver):
    sync(day="2026-03-01", fields=[{"field": "Industry", "label": "Branch"}])
    for row in Truth(org).zuora:
        org.update_zuora_account(row["Id"], CrmId=None)
    sync(day="2026-03-02", accept=["match-rate"])
    [line] = receiver.taken()
    assert line.endswith("to 0% on 2026-03-02; `sf-insights unmatched` lists why.")


def test_a_drop_of_the_match_rate_alerts(org, sync, receiver):
    sync(day="2026-03-01")
    receiver.taken()
    plain = [row["Id"] for row in Truth(org).zuora if row["kind"] == "plain"]
    for zuora_id in plain[: len(plain) // 4]:
        org.update_zuora_account(zuora_id, CrmId="n/a")
    sync(day="2026-03-02")
    [line] = receiver.taken()
    assert "match rate fell from" in line


def test_an_unreadable_file_alerts(sync, receiver):
    sync.configure()
    sync.configuration.write_text("fields: [", encoding="utf-8")
    run = sync.run(day="2026-03-01")
    assert receiver.taken() == [f"sf_insights: The sync failed: {run.reason}"]


def test_a_failing_alert_does_not_fail_the_sync(sync, receiver, monkeypatch):
    receiver.status = 500
    sync(day="2026-03-01")
    assert len(receiver.taken()) == 1
    monkeypatch.setenv("SF_INSIGHTS_ALERT_URL", "http://127.0.0.1:9/closed")
    monkeypatch.setenv("SF_INSIGHTS_HEARTBEAT_URL", "no address at all")
    sync(day="2026-03-02", fields=["Type"])
