"""When Dagster starts the next sync: for its schedule, and for people, with what prevents it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sf_insights.dagster_instance import recorded_runs
from sf_insights.dagster_instance.home import dagster_home, opened_instance
from sf_insights.dagster_instance.names import Names
from sf_insights.dagster_instance.quiet_state import quiet_state
from sf_insights.domain.problems import WarehouseProblem
from sf_insights.domain.syncs.schedule import Daily, NextStart, next_start
from sf_insights.domain.wording import since
from sf_insights.settings.environment import Places
from sf_insights.settings.home import ui_command
from sf_insights.system.clock import now
from sf_insights.warehouse.reading import reading_snapshot

if TYPE_CHECKING:  # importing dagster takes a second; commands that only read do without it
    import dagster as dg

# A daemon reports every half minute.
_SILENT_AFTER = timedelta(minutes=3)
_LOOK_BACK = timedelta(days=2)  # to before the day began in any time zone


@dataclass(frozen=True)
class Outlook:
    """When Dagster starts the next sync, also as a sentence. `at` is None if it will start none.

    `obstacle` then says why, and `remedy` what to do about it. Otherwise both are "".
    """

    at: datetime | None
    sentence: str
    obstacle: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.sentence, self.obstacle, self.remedy) if part)


def planned_start(
    configuration: Daily,
    places: Places,
    variables: Mapping[str, str],
    instance: dg.DagsterInstance | None,
    moment: datetime,
    job: str = recorded_runs.DAILY_SYNC,
    *,
    opened_at: datetime | None = None,
) -> NextStart:
    """Return when the next sync starts, from the last published sync and the failed attempts that Dagster recorded.

    `opened_at` is when the sync of the snapshot began; without it, the snapshot is opened to read it.
    """
    earlier = moment - _LOOK_BACK
    attempts = recorded_runs.failed_since(instance, earlier, job) if instance else []
    return next_start(
        configuration,
        moment,
        opened_at=opened_at or _opened_at(places),
        attempts=attempts,
        settings=recorded_runs.settings_fingerprint(places.configuration, variables) if attempts else "",
    )


def outlook(
    configuration: Daily, places: Places, variables: Mapping[str, str], opened_at: datetime | None = None
) -> Outlook:
    """Return what Dagster will do, as far as this user may read its state; `opened_at` as in `planned_start`."""
    moment = now()
    if not configuration.enabled:
        return Outlook(None, f"The synchronization is switched off: {places.configuration.name} says `enabled: false`.")
    try:
        return _outlook(configuration, places, variables, moment, opened_at)
    except WarehouseProblem as unreadable:
        start = planned_start(configuration, places, variables, None, moment, _job(variables), opened_at=opened_at)
        return Outlook(start.at, sentence_of(start, configuration, moment), unreadable.what)


def _outlook(
    configuration: Daily,
    places: Places,
    variables: Mapping[str, str],
    moment: datetime,
    opened_at: datetime | None,
) -> Outlook:
    job = _job(variables)
    if quiet := quiet_state(dagster_home(), job, moment - _LOOK_BACK):
        running, (obstacle, remedy) = quiet.running, _silence(quiet.scheduler_alive_at, moment)
        start = planned_start(configuration, places, variables, None, moment, job, opened_at=opened_at)
        return _told(configuration, moment, running, start, obstacle, remedy)
    with readable_instance() as instance:
        running = recorded_runs.run_under_way(instance, job) if instance else None
        start = planned_start(configuration, places, variables, instance, moment, job, opened_at=opened_at)
        obstacle, remedy = obstacle_of(instance, moment, job)
    return _told(configuration, moment, running, start, obstacle, remedy)


def _told(
    configuration: Daily, moment: datetime, running: str | None, start: NextStart, obstacle: str, remedy: str
) -> Outlook:
    sentence = f"A sync is running (run {running})." if running else sentence_of(start, configuration, moment)
    return Outlook(None if obstacle else start.at, sentence, obstacle, remedy)


def _job(variables: Mapping[str, str]) -> str:
    return Names.of_home(variables).name(recorded_runs.DAILY_SYNC)


def sentence_of(start: NextStart, configuration: Daily, moment: datetime) -> str:
    """Return the next start as a sentence for people."""
    local = f"{start.at.astimezone(configuration.zone):%Y-%m-%d %H:%M} {configuration.timezone}"
    when = f"{local} ({since(start.at, moment)})" if start.at > moment else "now"
    if start.attempt > 1:
        return f"Today's sync failed and is tried again {when}; that is attempt {start.attempt}."
    if start.instead:
        return f"Today's sync {start.instead}. The next sync is due {when}."
    return f"The next sync is due {when}."


def obstacle_of(
    instance: dg.DagsterInstance | None, moment: datetime, schedule: str = recorded_runs.DAILY_SYNC
) -> tuple[str, str]:
    """Return why Dagster will not start a run by this schedule, and what to do; two empty texts if it will."""
    if instance is None:
        return "But Dagster has never run here, so nothing starts it.", _start_one()
    if recorded_runs.schedule_is_stopped(instance, schedule):
        return (
            f"But the schedule {schedule} is stopped in Dagster, so nothing starts it.",
            f"Start the schedule there: `{ui_command()}`, Automation.",
        )
    return _silence(recorded_runs.scheduler_alive_at(instance), moment)


def _silence(alive_at: datetime | None, moment: datetime) -> tuple[str, str]:
    """Return that no daemon runs, and what to do; two empty texts if one does."""
    if alive_at is None or moment - alive_at > _SILENT_AFTER:
        seen = f" (the last one {since(alive_at, moment)})" if alive_at else ""
        return f"But no Dagster daemon runs{seen}, so nothing starts it.", _start_one()
    return "", ""


def _start_one() -> str:
    return f"Start one with `{ui_command()}`."


def _opened_at(places: Places) -> datetime | None:
    """Return when the snapshot's sync began, or when the file was written if it cannot be opened; None without one."""
    with suppress(WarehouseProblem), reading_snapshot(places.snapshot) as tx:
        opened: datetime | None = tx.value("SELECT opened_at FROM ops.sync_runs JOIN insights.snapshot USING (sync)")
        return opened
    with suppress(OSError):  # without this time, a sync would start every minute
        return datetime.fromtimestamp(places.snapshot.stat().st_mtime, UTC)
    return None


@contextmanager
def readable_instance() -> Iterator[dg.DagsterInstance | None]:
    """Open Dagster's state; None if no run and no daemon has made one.

    Raises:
        WarehouseProblem: this user may not open it.
    """
    home = dagster_home()
    with ExitStack() as stack:
        try:
            instance = stack.enter_context(opened_instance(home)) if (home / "dagster.yaml").exists() else None
        except Exception as error:
            raise WarehouseProblem(
                f"Dagster's state in {home} cannot be opened ({type(error).__name__}).",
                "Run `sf-insights status` as the user that syncs.",
            ) from error
        yield instance
