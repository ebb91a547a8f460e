"""Dagster's state as its files show it, against what Dagster says of the same state."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, ScheduleInstigatorData
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES
from dagster._core.utils import make_new_run_id
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._daemon.types import DaemonHeartbeat

from sf_insights.dagster_instance import recorded_runs
from sf_insights.dagster_instance.home import opened_instance, use_dagster_home
from sf_insights.dagster_instance.quiet_state import QuietState, quiet_state
from sf_insights.settings.home import shipped

JOB = recorded_runs.DAILY_SYNC


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    return use_dagster_home()


@pytest.fixture
def instance(home):
    with opened_instance(home) as instance:
        yield instance


def a_run(instance, status, job=JOB):
    return instance.run_storage.add_run(
        dg.DagsterRun(
            job_name=job, run_id=make_new_run_id(), status=status, remote_job_origin=recorded_runs.job_origin(job)
        )
    )


def read(home):
    return quiet_state(home, JOB, datetime.now(UTC) - timedelta(days=2))


def test_without_runs_and_daemon_there_is_nothing_to_say(home, instance):
    assert read(home) == QuietState(None, None)


@pytest.mark.parametrize("status", list(dg.DagsterRunStatus))
def test_the_files_name_the_run_that_dagster_names(home, instance, status):
    a_run(instance, status)
    if status in (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED):
        assert read(home) is None
    else:
        found = read(home)
        assert found is not None
        assert found.running == recorded_runs.run_under_way(instance, JOB)
        is_under_way = status in NOT_FINISHED_STATUSES and status is not dg.DagsterRunStatus.NOT_STARTED
        assert bool(found.running) == is_under_way


def test_runs_of_other_jobs_do_not_count(home, instance):
    a_run(instance, dg.DagsterRunStatus.FAILURE, "another_job")
    a_run(instance, dg.DagsterRunStatus.STARTED, "another_job")
    assert read(home) == QuietState(None, None)


def test_a_failure_before_the_moment_does_not_count(home, instance):
    a_run(instance, dg.DagsterRunStatus.FAILURE)
    assert read(home) is None
    assert quiet_state(home, JOB, datetime.now(UTC) + timedelta(minutes=1)) == QuietState(None, None)


def test_the_heartbeat_is_the_one_that_dagster_reads(home, instance):
    instance.add_daemon_heartbeat(DaemonHeartbeat(1_800_000_000.5, "SCHEDULER", "its id", []))
    found = read(home)
    assert found is not None
    assert found.scheduler_alive_at == recorded_runs.scheduler_alive_at(instance)
    assert found.scheduler_alive_at is not None


def test_a_stopped_schedule_is_left_to_dagster(home, instance):
    [location] = WorkspaceFileTarget([str(shipped("workspace.yaml"))]).create_origins()
    data = ScheduleInstigatorData("0 4 * * *")
    origin = RemoteRepositoryOrigin(location, "__repository__").get_instigator_origin(JOB)
    instance.add_instigator_state(InstigatorState(origin, InstigatorType.SCHEDULE, InstigatorStatus.STOPPED, data))
    assert recorded_runs.schedule_is_stopped(instance, JOB)
    assert read(home) is None


def test_settings_of_a_person_are_left_to_dagster(home, instance):
    assert read(home) is not None
    file = home / "dagster.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "# my own\n", encoding="utf-8")
    assert read(home) is None


def test_damaged_or_missing_files_are_left_to_dagster(home, instance):
    (home / "history" / "runs.db").write_bytes(b"not a database" * 100)
    assert read(home) is None
    (home / "schedules" / "schedules.db").unlink()
    assert read(home) is None
