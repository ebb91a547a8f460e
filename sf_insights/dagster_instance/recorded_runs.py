"""What Dagster records of the runs of a home's job: which one is running, and how the failed ones ended."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sf_insights.domain.syncs.schedule import Attempt, Ending
from sf_insights.settings.environment import SALESFORCE, ZUORA
from sf_insights.settings.home import shipped

if TYPE_CHECKING:  # importing dagster takes a second; commands that only read do without it
    import dagster as dg
    from dagster._core.remote_origin import RemoteJobOrigin

DAILY_SYNC = "daily_account_field_sync"
OUTBOUND_SYNC = "outbound_account_field_sync"
BACKFILL = "account_history_backfill"
LOCATION = "sf_insights"  # also in workspace.yaml and pyproject.toml
ENDING_TAG = "sf_insights/ending"
SETTINGS_TAG = "sf_insights/settings"
COMMAND_TAG = "sf_insights/command"
ORG_NAME_TAG = "sf_insights/org_name"  # the name of an org in an installation of many; also in dagster.yaml
OUTBOUND_TAG = "sf_insights/outbound"  # preview: write nothing; verify: compare every record with Salesforce
REPOSITORY_TAG = ".dagster/repository"  # Dagster's pages find the runs of a location by it

_REPOSITORY = "__repository__"  # Dagster's name for the definitions of a module
_COMPLETES_A_SYNC = frozenset({"fields", "account_attributes", "attribute_changes", "account_metrics"})
_FINGERPRINT_LENGTH = 16
_MOST_AT_ONCE = 50
_REPAIR = "The warehouse does not contain what was read: restore a backup with `sf-insights restore`, and run again."


def run_under_way(instance: dg.DagsterInstance, job: str = DAILY_SYNC) -> str | None:
    """Return the id of a run of the job that waits, runs or is being stopped; None if there is none."""
    import dagster as dg
    from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

    # A run that was never submitted never starts, because the process that created it died.
    statuses = [status for status in NOT_FINISHED_STATUSES if status is not dg.DagsterRunStatus.NOT_STARTED]
    runs = instance.get_runs(_filter(job, statuses=statuses), limit=1)
    return runs[0].run_id if runs else None


def last_sent(instance: dg.DagsterInstance, job: str) -> datetime | None:
    """Return when the last outbound run was created, previews apart; None if the newest runs have none."""
    for record in instance.get_run_records(_filter(job), limit=_MOST_AT_ONCE):
        if record.dagster_run.tags.get(OUTBOUND_TAG) != "preview":
            return record.create_timestamp.replace(tzinfo=UTC)
    return None


def failed_since(instance: dg.DagsterInstance, moment: datetime, job: str = DAILY_SYNC) -> list[Attempt]:
    """Return the syncs that failed or were stopped after a moment; not the runs that only publish again."""
    import dagster as dg

    failed = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    records = instance.get_run_records(_filter(job, statuses=failed, updated_after=moment))
    return [
        Attempt(
            datetime.fromtimestamp(record.start_time or record.create_timestamp.timestamp(), UTC),
            datetime.fromtimestamp(record.end_time or record.update_timestamp.timestamp(), UTC),
            _ending(record.dagster_run),
            record.dagster_run.tags.get(SETTINGS_TAG),
        )
        for record in records
        if _is_sync(record.dagster_run)
    ]


def schedule_is_stopped(instance: dg.DagsterInstance, name: str = DAILY_SYNC) -> bool:
    """Tell whether somebody stopped a schedule in Dagster. It runs by default."""
    from dagster._core.scheduler.instigation import InstigatorType

    return any(
        not state.is_running
        for state in instance.all_instigator_state(instigator_type=InstigatorType.SCHEDULE)
        if state.name == name and state.repository_selector.location_name == LOCATION
    )


def scheduler_alive_at(instance: dg.DagsterInstance) -> datetime | None:
    """Return when the scheduler of Dagster's daemon last reported; None if it never has."""
    heartbeat = instance.get_daemon_heartbeats().get("SCHEDULER")
    return heartbeat and datetime.fromtimestamp(heartbeat.timestamp, UTC)


def note_ending(instance: dg.DagsterInstance, run_id: str, ending: Ending, settings: str) -> None:
    """Record how a run ends that is about to fail, and the fingerprint of its settings."""
    instance.add_run_tags(run_id, {ENDING_TAG: ending, SETTINGS_TAG: settings})


def blocked_by(evaluations: Iterable[dg.AssetCheckEvaluation]) -> str | None:
    """Return a sentence about the check that stopped a run; None if none did."""
    import dagster as dg

    for check in evaluations:
        if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR:
            facts = ", ".join(f"{name} {fact.value}" for name, fact in sorted(check.metadata.items()))
            return (
                f"The check {check.check_name} of {check.asset_key.to_user_string()} did not pass: {facts}. {_REPAIR}"
            )
    return None


def check_that_blocked(instance: dg.DagsterInstance, run_id: str) -> str | None:
    """Return a sentence about the check that stopped a recorded run; None if none did."""
    import dagster as dg

    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    return blocked_by(entry.get_dagster_event().asset_check_evaluation_data for entry in entries)


def forget_runs(instance: dg.DagsterInstance, before: datetime, job: str = DAILY_SYNC) -> int:
    """Delete the runs of the job that ended before a moment, with their events and files; return how many.

    The runs that made the current assets stay, however old they are. One call deletes only some runs, oldest first.
    """
    from dagster._core.storage.dagster_run import FINISHED_STATUSES

    assets = [record.asset_entry for record in instance.get_asset_records()]
    made = {asset.last_materialization.run_id for asset in assets if asset.last_materialization}
    old = _filter(job, statuses=[*FINISHED_STATUSES], updated_before=before)
    runs = [run.run_id for run in instance.get_runs(old, limit=_MOST_AT_ONCE + len(made), ascending=True)]
    forgotten = [run for run in runs if run not in made][:_MOST_AT_ONCE]
    root = Path(instance.root_directory)
    for run in forgotten:
        instance.delete_run(run)
        for file in (root / "history" / "runs").glob(
            f"{run}.db*"
        ):  # SQLite's files of the events stay large after the deletion
            file.unlink(missing_ok=True)
        shutil.rmtree(root / "storage" / run, ignore_errors=True)
    return len(forgotten)


def job_origin(job: str = DAILY_SYNC) -> RemoteJobOrigin:
    """Return a job as the code location of workspace.yaml names it. Dagster's pages look for its runs there."""
    from dagster._core.remote_origin import RemoteRepositoryOrigin
    from dagster._core.workspace.load_target import WorkspaceFileTarget

    [location] = WorkspaceFileTarget([str(shipped("workspace.yaml"))]).create_origins()
    return RemoteRepositoryOrigin(location, _REPOSITORY).get_job_origin(job)


def settings_fingerprint(configuration: Path, variables: Mapping[str, str]) -> str:
    """Return a short text that changes with the administrator's file and the credentials, but does not reveal them."""
    import hashlib  # loads OpenSSL, which `status` does without

    try:
        text = configuration.read_bytes()
    except OSError:
        text = b""
    credentials = sorted((name, value) for name, value in variables.items() if name.startswith((SALESFORCE, ZUORA)))
    return hashlib.sha256(text + repr(credentials).encode()).hexdigest()[:_FINGERPRINT_LENGTH]


def _filter(job: str, **wanted: object) -> dg.RunsFilter:
    import dagster as dg

    return dg.RunsFilter(job_name=job, **wanted)  # type: ignore[arg-type]


def _is_sync(run: dg.DagsterRun) -> bool:
    selected = run.asset_selection or run.asset_check_selection  # neither is set for the whole job
    return not selected or any(key.path[-1] in _COMPLETES_A_SYNC for key in run.asset_selection or ())


def _ending(run: dg.DagsterRun) -> Ending:
    import dagster as dg

    if run.status is dg.DagsterRunStatus.CANCELED:
        return "stopped"
    noted = run.tags.get(ENDING_TAG)
    if noted == "person":
        return "person"
    # An interrupted run of Dagster ended with its daemon. A person who stops a run in Dagster cancels it.
    return "stopped" if noted == "stopped" and COMMAND_TAG in run.tags else "passing"
