"""Syncs while another run holds the warehouse, after one did, and with clocks that jump."""

import json
import re
import subprocess
import sys

import duckdb
import pytest

from sf_insights_tests.cli.test_signals import Running
from sf_insights_tests.forked import forked
from sf_insights_tests.soak import some
from sf_insights_tests.waiting import wait_for

BY_DAGSTER = """
from dagster._cli import create_dagster_cli
create_dagster_cli()(["job", "execute", "-m", "sf_insights.definitions", "-j", "daily_account_field_sync"])
"""
JOBS = "/jobs/query"


@pytest.fixture
def variables(org, sf_insights, dagster_home):
    """The variables that let another process work on the same installation."""
    return org.environment | {
        "SF_INSIGHTS_DATA_DIR": str(sf_insights.data),
        "SF_INSIGHTS_TODAY": "2026-03-02",
        "DAGSTER_HOME": str(dagster_home),
    }


def test_a_sync_waits_for_a_dagster_run_and_names_it(org, sf_insights, checkout, command, variables, monkeypatch):
    in_progress = {"id": "750", "state": "InProgress"}
    org.fault("status", path=JOBS + "/", method="GET", status=200, body=in_progress, times=None)
    monkeypatch.setenv("DAGSTER_HOME", variables["DAGSTER_HOME"])
    with forked(BY_DAGSTER) as dagster:

        def jobs():
            assert dagster.ended(0) is None
            return [call for call in org.requests() if call["method"] == "POST" and call["path"].endswith(JOBS)]

        wait_for("Dagster's run to ask Salesforce", jobs)
        with Running([*command, "sync"], checkout, "waiting up to 600 s", **variables) as waiting:
            org.clear_faults()
            waiting.said += waiting.process.stdout.read()
            assert waiting.process.wait(60) == 0, waiting.said
            running = r"Dagster run [0-9a-f-]{36} is running since .*\(process \d+\)"
            assert re.search(running, " ".join(waiting.said.split())), waiting.said
        assert dagster.ended() == 0
    assert sf_insights.rows("SELECT sync, state FROM ops.sync_runs ORDER BY sync") == [
        (1, "complete"),
        (2, "complete"),
    ]


def test_a_lock_left_by_a_dead_process_blocks_nobody(sf_insights):
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    sf_insights.warehouse.with_suffix(".lock").touch()
    holder = {"pid": dead.pid, "purpose": "Dagster run of long ago", "since": "2031-01-01T00:00:00+00:00"}
    sf_insights.warehouse.with_suffix(".holder").write_text(json.dumps(holder))
    said = sf_insights("sync")
    assert said.code == 0
    assert "long ago" not in said.out
    assert sf_insights("status", "--json").json["running"] is None


def test_a_day_synced_by_a_wrong_clock_is_undone_with_a_backup(org, synced, tmp_path, monkeypatch):
    backup = str(tmp_path / "backup.duckdb")
    assert synced("backup", backup).code == 0
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2062-03-03")  # forwards
    assert synced("sync").code == 0
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")  # and back
    refused = synced("sync")
    assert refused.code == 1
    assert "2026-03-03 cannot be synced: syncs only go forward, and 2062-03-03 is already synced" in refused.err
    assert "sf-insights restore" in refused.err
    assert synced.rows("SELECT synced_on::VARCHAR FROM insights.snapshot") == [("2062-03-03",)]
    assert synced("restore", backup).code == 0
    assert synced("sync").code == 0
    assert synced.rows("SELECT synced_on::VARCHAR FROM insights.snapshot") == [("2026-03-03",)]


@pytest.mark.parametrize("years", some([30, -30], 1))
def test_timestamps_from_a_wrong_clock_do_not_stop_a_sync(synced, monkeypatch, years):
    with duckdb.connect(str(synced.warehouse)) as connection:
        connection.execute(
            f"UPDATE ops.sync_runs SET opened_at = opened_at + INTERVAL ({years}) YEAR, "
            f"ended_at = ended_at + INTERVAL ({2 * years}) YEAR, published_at = published_at + INTERVAL ({years}) YEAR"
        )
        connection.execute(f"UPDATE insights.snapshot SET published_at = published_at + INTERVAL ({years}) YEAR")
    assert synced("publish").code == 0
    said = synced("status")
    assert said.code == 0
    assert " -" not in said.out
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert synced("sync").code == 0
    assert synced("status", "--max-age", "1h").code == 0


def test_a_snapshot_from_the_future_does_not_count_as_fresh(synced):
    synced.snapshot.chmod(0o644)
    with duckdb.connect(str(synced.snapshot)) as connection:
        connection.execute("UPDATE insights.snapshot SET published_at = published_at + INTERVAL 1 YEAR")
    said = synced("status", "--max-age", "26h")
    assert said.code == 1
    assert "clock" in said.err
