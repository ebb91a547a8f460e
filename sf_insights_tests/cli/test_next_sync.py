"""What the commands show about the next sync: when Dagster starts it, or what prevents that."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._daemon.types import DaemonHeartbeat

from sf_insights.dagster_instance.home import use_dagster_home
from sf_insights.settings.home import CHECKOUT

DAGSTER = str(Path(sys.executable).with_name("dagster"))


@pytest.fixture
def synced_once(synced, tmp_path, monkeypatch):
    """A synced installation with its own Dagster instance."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    use_dagster_home()
    return synced


def outputs(installation, *select):
    """Return the output of three commands."""
    findings = installation("check", "--json").json["findings"]
    schedule = next(finding for finding in findings if finding["subject"] == "Schedule")
    ahead = installation("status", "--json").json["next_sync"]
    return [
        installation("select", *select).out,
        installation("status").out,
        " ".join([ahead["sentence"], ahead["obstacle"], ahead["remedy"]]),
        " ".join([schedule["state"], schedule["detail"], schedule["remedy"]]),
    ]


def live(minutes_ago=0):
    """Record a last heartbeat of Dagster's daemon."""
    moment = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    with dg.DagsterInstance.get() as instance:
        instance.add_daemon_heartbeat(DaemonHeartbeat(moment.timestamp(), "SCHEDULER", "its id", []))


def test_without_a_daemon_it_says_how_to_start_one(synced_once):
    for said in outputs(synced_once, "Phone"):
        assert "The next sync is due " in said
        assert "no Dagster daemon runs, so nothing starts it. Start one with `make ui`." in said
    live(minutes_ago=60)
    assert "no Dagster daemon runs (the last one 1 hour ago)" in synced_once("status").out


def test_with_a_running_daemon_only_the_time_is_shown(synced_once):
    live()
    for said in outputs(synced_once, "Phone"):
        assert "The next sync is due " in said
        assert "nothing starts it" not in said


@pytest.mark.slow
def test_a_schedule_stopped_in_dagster_is_reported_however_dagster_was_started(synced_once):
    live()
    stop = [DAGSTER, "schedule", "stop", "daily_account_field_sync"]
    subprocess.run(stop, cwd=CHECKOUT, check=True, capture_output=True, timeout=120)  # set in pyproject.toml
    for said in outputs(synced_once, "Phone"):
        assert "is stopped in Dagster, so nothing starts it. Start the schedule there" in said
    start = [DAGSTER, "schedule", "start", "daily_account_field_sync", "-w", str(CHECKOUT / "workspace.yaml")]
    subprocess.run(start, cwd=synced_once.data, check=True, capture_output=True, timeout=120)
    assert "is stopped in Dagster" not in synced_once("status").out


def test_an_invalid_file_is_reported(synced_once):
    synced_once.configuration.write_text("fields: [")
    assert "No sync can start. account_field_sync.yaml is not valid YAML" in synced_once("status").out


def test_the_next_attempt_of_a_failed_sync_is_shown(sf_insights, org, tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    ahead = 12 - datetime.now(UTC).hour  # about noon there, so the day does not end during the test
    sf_insights.configure(daily_at="11:00", timezone=f"Etc/GMT{-ahead:+d}" if ahead else "UTC")
    org.fault("job_failed", message="InvalidBatch : Failed to process query: QUERY_TIMEOUT: too long")
    assert sf_insights("sync").code == 1
    said = sf_insights("status")
    assert "Today's sync failed and is tried again " in said.out
    assert "(in 14 minutes); that is attempt 2." in said.out
    monkeypatch.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")
    assert sf_insights("sync").code == 1
    assert "Today's sync failed and is not tried again: its cause needs a person" in (sf_insights("status").out)


def test_a_user_without_access_to_dagsters_state_still_sees_the_time(synced_once, tmp_path):
    (tmp_path / "dagster" / "dagster.yaml").write_text("storage: [")
    said = synced_once("status")
    assert said.code == 0
    assert "The next sync is due " in said.out
    assert "cannot be opened" in said.out
