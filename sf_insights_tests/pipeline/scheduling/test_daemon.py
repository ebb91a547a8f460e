"""The schedule in Dagster's real daemon, including a run after everything is killed."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from sf_insights.dagster_instance.home import use_dagster_home
from sf_insights.settings.home import CHECKOUT
from sf_insights_tests.pipeline.scheduling import fast_daemon
from sf_insights_tests.waiting import wait_for

pytestmark = [pytest.mark.kept_log, pytest.mark.slow]


@contextmanager
def daemon(clock):
    """Run Dagster's daemon and code server in their own session; yield a function that kills them all at once."""
    command = [sys.executable, fast_daemon.__file__, str(clock), "run", "-w", str(CHECKOUT / "workspace.yaml")]
    with subprocess.Popen(
        command, cwd=os.environ["DAGSTER_HOME"], stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:

        def kill():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

        try:
            yield kill
        finally:
            kill()


@pytest.fixture
def instance(sync):
    use_dagster_home()
    with dg.DagsterInstance.get() as instance:
        yield instance


def skips(instance):
    """Return the skip messages of the schedule's last tick."""
    [state] = instance.all_instigator_state() and [
        state for state in instance.all_instigator_state() if state.name == "daily_account_field_sync"
    ]
    ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
    return (ticks[0].tick_data.skip_reason or "") if ticks else ""


def test_the_daemon_makes_up_missed_syncs_reports_killed_ones_and_follows_edits(org, sync, instance):
    clock = time.time()
    ahead = 12 - datetime.now(UTC).hour
    zone = f"Etc/GMT{-ahead:+d}" if ahead else "UTC"
    sync.configure(timezone=zone, daily_at="11:00", fields=["Industry"])
    org.configure(job_seconds=30)  # long enough for the test to kill the run
    with daemon(clock) as kill:
        wait_for("a query in Salesforce", lambda: [call for call in org.requests() if "/jobs/query/" in call["path"]])
        [run] = instance.get_runs()
        assert run.status is dg.DagsterRunStatus.STARTED
        assert run.tags["sf_insights/attempt"] == "1"
        kill()
    assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.STARTED
    org.configure(job_seconds=0)
    with daemon(clock):
        wait_for("the end of the dead run", lambda: instance.get_run_by_id(run.run_id).is_finished)
        assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.FAILURE
        wait_for("a tick that knows of it", lambda: "that is attempt 2" in skips(instance))
        soon = datetime.now(UTC) + timedelta(hours=ahead, minutes=1)
        sync.configure(daily_at=f"{soon:%H:%M}")
        wait_for("a published snapshot", sync.snapshot.exists)
        wait_for("a tick that knows of it", lambda: "The next sync is due " in skips(instance))
    assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
