"""When Dagster starts an outbound run by itself."""

import dagster as dg
import pytest
from dagster._core.errors import ScheduleExecutionError

from sf_insights.dagster_instance.recorded_runs import OUTBOUND_SYNC, OUTBOUND_TAG
from sf_insights.definitions import defs
from sf_insights_tests.cli.conftest import Installation


@pytest.fixture
def tick(tmp_path):
    """Look at the schedule once, as Dagster's daemon does each minute, where no run was recorded before."""
    (tmp_path / "dagster").mkdir()

    def look():
        _, schedule = defs.schedules or ()
        assert isinstance(schedule, dg.ScheduleDefinition)
        with (
            dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance,
            dg.build_schedule_context(instance=instance) as context,
        ):
            return schedule.evaluate_tick(context)

    return look


def test_nothing_starts_without_the_block_or_while_it_is_switched_off(outbound, tick):
    outbound.sync.configure()
    assert "no `outbound:` block" in tick().skip_message
    outbound.configure(enabled=False)
    assert "switched off" in tick().skip_message
    outbound.configure(enabled=True)
    outbound.sync.configure(enabled=False)
    assert "switched off" in tick().skip_message


def test_a_run_starts_when_a_mapping_is_there_and_none_after_a_preview_that_nobody_accepted(outbound, tick):
    outbound.configure()
    assert len(tick().run_requests) == 1
    outbound.fails()  # the scheduled run made a preview
    assert "waits for a person to accept its preview" in tick().skip_message
    outbound.accept()
    assert len(tick().run_requests) == 1


@pytest.mark.parametrize(("mode", "is_due"), [("preview", True), ("verify", False), (None, False)])
def test_a_preview_does_not_take_the_place_of_the_next_run(outbound, tick, tmp_path, mode, is_due):
    outbound.previewed()
    tick()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        tags = {} if mode is None else {OUTBOUND_TAG: mode}
        job = defs.resolve_job_def(OUTBOUND_SYNC)
        instance.create_run_for_job(job, tags=tags, status=dg.DagsterRunStatus.SUCCESS)
    assert bool(tick().run_requests) is is_due


def test_a_mistake_in_the_file_fails_the_tick(outbound, tick):
    outbound.configure(fields=[{"from": "account_status", "to": "OwnerId"}])
    with pytest.raises(ScheduleExecutionError) as failed:
        tick()
    assert "never written" in str(failed.value.__cause__)


def test_no_run_starts_after_one_that_was_refused_half_way(outbound, org, tick):
    org.add_flow("Insights_Status__c", "from the flow")
    outbound.preview()
    outbound.accept()
    outbound.fails()
    reason = "The last run was refused after it wrote 10 records"
    assert reason in tick().skip_message
    outbound.preview()
    assert reason in tick().skip_message
    assert reason in Installation(outbound.sync.data)("outbound", "status").out
