"""Run the job in this process, with the same Dagster home as the UI, which shows the runs."""

from __future__ import annotations

import signal
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal

from sf_insights.dagster_instance import recorded_runs
from sf_insights.dagster_instance.home import opened_instance, use_dagster_home
from sf_insights.dagster_instance.names import Names
from sf_insights.dagster_instance.run_news import News, news_listener
from sf_insights.dagster_instance.run_processes import end_dead_runs
from sf_insights.settings.environment import Places, environment
from sf_insights.settings.home import HOME_VARIABLE
from sf_insights.system.imports import importing

if TYPE_CHECKING:  # importing dagster takes a second; only a run needs it
    from types import FrameType

    import dagster as dg
    from dagster._core.remote_origin import RemoteJobOrigin
    from dagster_shared.error import SerializableErrorInfo

RETRY_FOR_A_PERSON = "5m"  # a person who starts a sync wants an answer soon, not after hours
RELABEL = (["insights", "field_labels"], ["insights", "published_snapshot"])
LAKE = ["insights", "published_lake"]  # of homes with a lake: published with every snapshot

# Dagster keeps the log; the caller prints the news on the terminal.
_QUIET_CONSOLE = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_LABELS_STEP = "__".join(RELABEL[0])
_LAKE_STEPS = ("__".join(LAKE), "insights__published_history_lake")
_STOPPED = "The run was stopped before it was complete."


@dataclass(frozen=True)
class Outcome:
    """How a run ended. If it failed, `reason` says why in words for people, and `failed_step` says where.

    `is_left_to_sync` tells that a sync will publish the labels: the first one, or one that runs now.
    """

    success: bool
    run_id: str
    reason: str | None = None
    failed_step: str | None = None
    is_left_to_sync: bool = False

    @property
    def is_refused_label(self) -> bool:
        """Whether a relabelling failed before it changed labels, so that the edit of the file should be undone."""
        return not self.success and self.failed_step in (None, _LABELS_STEP) and not self.is_left_to_sync

    @property
    def is_published(self) -> bool:
        """Whether the snapshot was published, with or without the lake."""
        return self.success or self.failed_step in _LAKE_STEPS


def run_sync(
    accept: Sequence[str] = (), on_news: Callable[[News], None] | None = None, *, retry_for: str | None = None
) -> Outcome:
    """Run the whole job.

    Args:
        accept: the guards that this run may pass, of syncs.GUARDS.
        on_news: called with each piece of news as it happens.
        retry_for: how long the run keeps trying while Salesforce or Zuora is unavailable, such as 5m; None for the
            time in the administrator's file.
    """
    _import_dagster()
    from sf_insights.dagster_resources.run_tags import ACCEPT_TAG, RETRY_TAG

    tags = {ACCEPT_TAG: " ".join(accept), RETRY_TAG: retry_for or ""}
    return _run({name: value for name, value in tags.items() if value}, None, on_news)


def run_relabelling(on_news: Callable[[News], None] | None = None) -> Outcome:
    """Apply changed labels and publish again, without Salesforce. Waits for a running sync."""
    outcome = _run({}, RELABEL, on_news)
    if not outcome.is_refused_label or outcome.reason == _STOPPED:
        return outcome
    from sf_insights.editing.labels import is_sync_due

    return replace(outcome, is_left_to_sync=is_sync_due(Places.from_environment(environment())))


def run_publishing(on_news: Callable[[News], None] | None = None) -> Outcome:
    """Publish the last complete sync again, without Salesforce."""
    return _run({}, RELABEL[1:], on_news)


def run_outbound(
    mode: Literal["send", "preview", "verify"] = "send",
    *,
    accept: Sequence[str] = (),
    limit: int | None = None,
    on_news: Callable[[News], None] | None = None,
) -> Outcome:
    """Run the outbound job: compare Insights values with Salesforce, and write what differs.

    Args:
        mode: send writes what differs, preview writes nothing, verify compares every record with Salesforce first.
        accept: the guards that this run may pass, of domain/outbound/guards.GUARDS.
        limit: the most records to write.
        on_news: called with each piece of news.
    """
    _import_dagster()
    from sf_insights.dagster_resources.run_tags import ACCEPT_TAG, LIMIT_TAG, RETRY_TAG

    tags = {
        recorded_runs.OUTBOUND_TAG: mode,
        ACCEPT_TAG: " ".join(accept),
        LIMIT_TAG: "" if limit is None else str(limit),
        RETRY_TAG: RETRY_FOR_A_PERSON,
    }
    filled = {name: value for name, value in tags.items() if value}
    return _run(filled, None, on_news, recorded_runs.OUTBOUND_SYNC)


def run_backfill(
    fields: Sequence[str] = (),
    since: date | None = None,
    *,
    is_dry: bool = False,
    on_news: Callable[[News], None] | None = None,
) -> Outcome:
    """Fill the days without a sync from Salesforce's field history.

    Args:
        fields: API names; empty for every selected field.
        since: the first day to fill; None for as far back as Salesforce keeps history.
        is_dry: find out what would be filled, and change nothing.
        on_news: called with each piece of news.
    """
    _import_dagster()
    from sf_insights.dagster_resources.run_tags import RETRY_TAG, HistoryRequest

    tags = {**HistoryRequest(tuple(fields), since, is_dry).tags(), RETRY_TAG: RETRY_FOR_A_PERSON}
    return _run(tags, None, on_news, recorded_runs.BACKFILL)


def _run(
    tags: Mapping[str, str],
    selection: Sequence[Sequence[str]] | None,
    on_news: Callable[[News], None] | None,
    job: str = recorded_runs.DAILY_SYNC,
) -> Outcome:
    _import_dagster()
    from sf_insights.dagster_resources.run_tags import day_tag

    variables = environment()
    names = Names.of_home(variables)
    home = use_dagster_home()
    run_id, origin = str(uuid.uuid4()), recorded_runs.job_origin(names.name(job))
    with opened_instance(home) as instance, _hangup_stops():
        end_dead_runs(instance, Places.from_environment(variables).data)
        instance.add_event_listener(run_id, _placing(instance, run_id, origin))
        instance.add_event_listener(run_id, news_listener(on_news or (lambda _: None), names))
        definitions = _definitions(variables, names)
        result = definitions.resolve_job_def(names.name(job)).execute_in_process(
            run_config=_QUIET_CONSOLE,
            instance=instance,
            run_id=run_id,
            tags={
                **tags,
                **day_tag(),
                recorded_runs.COMMAND_TAG: "sf-insights",
                **({recorded_runs.ORG_NAME_TAG: names.prefix[-1]} if names.prefix else {}),
                recorded_runs.REPOSITORY_TAG: origin.repository_origin.get_label(),
            },
            asset_selection=None if selection is None else _selected(definitions, names, selection),
            raise_on_error=False,
        )
    if result.success:
        return Outcome(True, run_id)
    step, reason = _failure(result)
    return Outcome(False, run_id, reason, step and names.plain(step))


def _import_dagster() -> None:
    """Import what every run needs, which takes a second; do nothing if this process has imported it."""
    if "sf_insights.assembly" not in sys.modules:
        with importing():
            import sf_insights.assembly  # noqa: F401


def _definitions(variables: Mapping[str, str], names: Names) -> dg.Definitions:
    """Return the definitions of the home in these variables, and of no other org of its installation."""
    if not names.prefix:
        from sf_insights.definitions import defs

        return defs
    from sf_insights import account_field_sync

    return account_field_sync(variables[HOME_VARIABLE], key_prefix=names.prefix)


def _selected(defs: dg.Definitions, names: Names, selection: Sequence[Sequence[str]]) -> list[dg.AssetKey]:
    """Return the keys of a selection, with that of the lake if the home has one."""
    import dagster as dg

    wanted = [dg.AssetKey(names.key(key)) for key in (*selection, LAKE)]
    there = {spec.key for spec in defs.resolve_all_asset_specs()}
    return [key for key in wanted if key in there]


@contextmanager
def _hangup_stops() -> Iterator[None]:
    """Let a closed terminal stop a run as SIGTERM does, unless `nohup` said that it should not.

    Dagster gives SIGTERM the handler that SIGINT has at the moment; SIGHUP asks for that one when it comes.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        handler = signal.getsignal(signal.SIGTERM)
        if callable(handler):
            handler(number, frame)
        else:
            raise KeyboardInterrupt

    is_ours = (
        threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
    )
    if is_ours:
        signal.signal(signal.SIGHUP, stop)
    try:
        yield
    finally:
        if is_ours:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _placing(instance: dg.DagsterInstance, run_id: str, origin: RemoteJobOrigin) -> Callable[..., None]:
    """Return a listener that records the run's code location at its first event, so that Dagster's pages list it."""
    seen: set[str] = set()

    def listen(*_: object) -> None:
        if run_id not in seen and (run := instance.get_run_by_id(run_id)):
            seen.add(run_id)
            instance.run_storage.replace_job_origin(run, origin)

    return listen


def _failure(result: dg.ExecuteInProcessResult) -> tuple[str | None, str]:
    """Return the first failed step and its reason."""
    if blocked := recorded_runs.blocked_by(result.get_asset_check_evaluations()):
        return None, blocked
    for event in result.all_events:
        if event.is_job_failure and _is_interruption(event.job_failure_data.error):
            return None, _STOPPED
        if not event.is_step_failure:
            continue
        failure = event.step_failure_data
        if failure.user_failure_data and failure.user_failure_data.description:
            return event.step_key, failure.user_failure_data.description
        if _is_interruption(failure.error):
            return event.step_key, _STOPPED
        if failure.error:
            error = failure.error.cause or failure.error
            said = error.message.strip().splitlines() or ["no reason was given"]
            return event.step_key, f"The step {event.step_key} failed unexpectedly: {said[0]}"
    return None, "The run failed before its first step."


def _is_interruption(error: SerializableErrorInfo | None) -> bool:
    """Tell whether Ctrl-C or SIGTERM caused an error."""
    while error is not None:
        if error.cls_name in ("DagsterExecutionInterruptedError", "KeyboardInterrupt"):
            return True
        error = error.cause or error.context
    return False
