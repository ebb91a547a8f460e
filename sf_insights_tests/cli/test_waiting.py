"""A sync that waits for a server: what status shows during the wait, and what ends it."""

import re
import signal

import pytest
from dagster import DagsterInstance

from sf_insights_tests.cli.test_signals import Running
from sf_insights_tests.shown_times import MOMENT
from sf_insights_tests.soak import some

BUSY = [{"errorCode": "SERVER_UNAVAILABLE", "message": "Server too busy"}]
WAITING = (
    rf"is running since {MOMENT} \(process \d+\), waiting since {MOMENT}, trying until {MOMENT}: "
    r"127\.0\.0\.1 answered 503 \(SERVER_UNAVAILABLE: Server too busy\)"
)


@pytest.fixture
def waiting(org, synced, dagster_home, checkout, command):
    """Start a sync that waits for one of Salesforce's addresses, far longer than a test runs."""

    def start(path, **headers):
        synced.configure(retry_for="2h")
        org.fault("status", path=path, status=503, body=BUSY, times=None, headers=headers)
        variables = org.environment | {
            "SF_INSIGHTS_DATA_DIR": str(synced.data),
            "SF_INSIGHTS_TODAY": "2026-03-03",
            "DAGSTER_HOME": str(dagster_home),
        }
        return Running([*command, "sync"], checkout, "waiting since", **variables)

    return start


def test_status_shows_what_a_sync_waits_for_until_it_continues(waiting, org, synced):
    with waiting("/describe") as sync:
        said = synced("status")
        assert said.code == 0
        assert re.search(WAITING, said.out), said.out
        org.clear_faults()
        sync.said += sync.process.stdout.read()
        assert sync.process.wait(60) == 0, sync.said
    assert synced("status", "--json").json["running"] is None
    assert synced.rows("SELECT synced_on::VARCHAR FROM insights.snapshot") == [("2026-03-03",)]


# Waits in the main thread, in the download threads, and when the query cannot be deleted either.
@pytest.mark.parametrize("path", some(["/results", "/describe", "/jobs/query/"], 1))
def test_a_signal_ends_an_hours_wait_at_once(waiting, synced, path):
    with waiting(path, **{"Retry-After": "3600"}) as sync:
        assert re.search("waiting since", synced("status", "--json").json["running"])
        assert sync.stop(signal.SIGTERM) == 1
        assert "The run was stopped" in sync.said
    found = synced("status", "--json").json
    assert (found["running"], found["syncs"][0]["state"]) == (None, "failed")


def test_status_does_not_show_the_wait_of_a_killed_sync(waiting, org, synced, monkeypatch):
    with waiting("/describe") as sync:
        sync.process.kill()
        sync.process.wait(30)
    assert synced("status", "--json").json["running"] is None
    org.clear_faults()
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    said = synced("sync")
    assert said.code == 0
    assert "waiting" not in said.out


def test_retry_for_sets_how_long_a_sync_keeps_trying(org, synced):
    org.fault("status", path="/describe", status=503, body=BUSY, times=None)
    said = synced("sync", "--retry-for", "1s")
    assert said.code == 1
    assert re.search(r"SERVER_UNAVAILABLE: Server too busy\) \(tries: \d+ in \d+ s\)", said.err)


@pytest.mark.parametrize("text", ["2", "4h", "soon"])
def test_an_invalid_duration_is_refused_with_what_to_write(synced, text):
    said = synced("sync", "--retry-for", text)
    assert said.code == 2
    assert "such as 90s, 45m or 2h, and at most 3h" in said.err


def test_a_sync_on_a_terminal_gives_up_sooner(on_terminal, org, dagster_home, monkeypatch):
    assert "Published" in on_terminal("sync")
    monkeypatch.setenv("DAGSTER_HOME", str(dagster_home))
    with DagsterInstance.get() as instance:
        assert instance.get_runs(limit=1)[0].tags["sf_insights/retry_for"] == "5m"
