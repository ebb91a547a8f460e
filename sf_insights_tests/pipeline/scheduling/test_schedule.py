"""The daily schedule's decision at a tick, from the current file and the results of today's syncs."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from sf_insights.dagster_instance.home import use_dagster_home
from sf_insights.dagster_instance.recorded_runs import job_origin
from sf_insights.definitions import defs
from sf_insights.runs import run_publishing

pytestmark = pytest.mark.kept_log

DAY = "2026-03-02"
daily_schedule, _ = defs.schedules or ()


@pytest.fixture
def about_noon(sync):
    """The file has a time zone in which it is now between 12:00 and 13:00, and a sync time of 11:00."""
    use_dagster_home()
    ahead = 12 - datetime.now(UTC).hour
    sync.configure(timezone=f"Etc/GMT{-ahead:+d}" if ahead else "UTC", daily_at="11:00", fields=["Industry"])
    return sync


def tick():
    assert isinstance(daily_schedule, dg.ScheduleDefinition)
    with dg.DagsterInstance.get() as instance, dg.build_schedule_context(instance=instance) as context:
        return daily_schedule.evaluate_tick(context)


def starts():
    requests = tick().run_requests
    return [request.tags["sf_insights/attempt"] for request in requests]


def test_an_edited_time_and_zone_take_effect_at_the_next_tick(about_noon):
    assert starts() == ["1"]
    about_noon.configure(daily_at="14:00")
    assert starts() == []
    assert "The next sync is due " in tick().skip_message
    assert "14:00" in tick().skip_message
    about_noon.configure(daily_at="12:00")
    assert starts() == ["1"]
    about_noon.configure(daily_at="23:59", timezone="UTC")
    assert starts() == [] or datetime.now(UTC).strftime("%H:%M") == "23:59"


def test_an_unreadable_file_fails_the_tick(about_noon):
    about_noon.configuration.write_text("fields: [", encoding="utf-8")
    with pytest.raises(Exception, match="evaluation of schedule") as failed:
        tick()
    cause = failed.value.__cause__
    assert isinstance(cause, dg.Failure)
    assert "account_field_sync.yaml is not valid YAML" in str(cause.description)


def test_a_switched_off_file_skips_the_tick_with_a_message(about_noon):
    about_noon.configure(enabled=False)
    assert starts() == []
    assert "switched off" in tick().skip_message


def test_a_published_sync_counts_for_the_day_on_which_it_began(about_noon):
    about_noon(day=DAY)
    assert starts() == []
    assert "The next sync is due " in tick().skip_message
    about_noon.change_warehouse("UPDATE ops.sync_runs SET opened_at = opened_at - INTERVAL 1 DAY")
    assert run_publishing().success
    assert about_noon.look().rows("SELECT now() - published_at < INTERVAL 1 HOUR FROM insights.snapshot") == [(True,)]
    assert starts() == ["1"]


def test_an_unreadable_snapshot_does_not_start_a_sync_every_minute(about_noon):
    about_noon(day=DAY)
    about_noon.snapshot.chmod(0o644)
    about_noon.snapshot.write_bytes(b"garbage" * 1000)
    assert starts() == []


def test_a_run_that_was_never_submitted_blocks_nothing(about_noon):
    with dg.DagsterInstance.get() as instance:
        run = instance.create_run_for_job(defs.resolve_job_def("daily_account_field_sync"))
        assert run.status is dg.DagsterRunStatus.NOT_STARTED
    assert starts() == ["1"]


def test_a_temporary_failure_is_retried_later(org, about_noon):
    org.fault("job_failed", message="InvalidBatch : Failed to process query: QUERY_TIMEOUT: too long")
    about_noon.fails(day=DAY)
    assert starts() == []
    assert "tried again" in tick().skip_message
    assert "attempt 2" in tick().skip_message


def test_a_failed_relabelling_does_not_count_as_an_attempt(about_noon):
    assert "Nothing has been synced yet" in about_noon.relabel_fails().reason
    assert starts() == ["1"]


def test_a_refused_login_is_retried_once_the_credentials_change(about_noon, monkeypatch):
    with monkeypatch.context() as wrong:
        wrong.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")
        about_noon.fails(day=DAY)
        assert starts() == []
        assert "its cause needs a person" in tick().skip_message
    assert starts() == ["2"]


def test_an_invalid_file_is_retried_once_it_changes(about_noon):
    about_noon.fails(day=DAY, fields=["Idustry"])
    assert starts() == []
    about_noon.configure(fields=["Industry"])
    assert starts() == ["2"]


def test_a_guards_refusal_is_not_retried(org, about_noon):
    about_noon.configure(guards={"min_match_rate": 1.0})
    assert "--accept match-rate" in about_noon.fails(day=DAY).reason
    assert starts() == []
    assert "not tried again" in tick().skip_message


def test_a_sync_canceled_in_dagster_is_not_retried_that_day(about_noon):
    with dg.DagsterInstance.get() as instance:
        instance.report_run_canceled(waiting_run(instance))
    assert starts() == []
    assert "Today's sync was stopped and is not tried again." in tick().skip_message


def test_no_second_run_starts_while_one_is_running(about_noon):
    with dg.DagsterInstance.get() as instance:
        run = waiting_run(instance)
    assert starts() == []
    assert tick().skip_message == f"The run {run.run_id} is under way."


def waiting_run(instance):
    job = defs.resolve_job_def("daily_account_field_sync")
    return instance.create_run_for_job(job, status=dg.DagsterRunStatus.QUEUED, remote_job_origin=job_origin())
