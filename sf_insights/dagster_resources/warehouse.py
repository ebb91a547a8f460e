"""The warehouse of a run, and the sync that each of its steps works on."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta

import dagster as dg
import duckdb
from pydantic import PrivateAttr

from sf_insights.dagster_instance import recorded_runs
from sf_insights.dagster_instance.run_failures import RunFailures
from sf_insights.dagster_instance.run_news import news_listener
from sf_insights.dagster_instance.run_processes import RunLock
from sf_insights.dagster_instance.run_progress import ProgressNote
from sf_insights.dagster_resources.failures import STOPPED, ending_of, explained, reason_of
from sf_insights.dagster_resources.home import HomeResource, SettingsResource
from sf_insights.dagster_resources.retrying import retry_policy
from sf_insights.dagster_resources.run_tags import DAY_TAG, ORG_TAG, accepted_guards
from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.problems import Problem, WarehouseProblem
from sf_insights.domain.syncs.schedule import Ending
from sf_insights.domain.syncs.stages import Stage
from sf_insights.settings.environment import today
from sf_insights.system.clock import now
from sf_insights.system.signals import forget_signals, note_signals
from sf_insights.system.waiting import Waiting
from sf_insights.transport.retry import RetryPolicy
from sf_insights.warehouse.syncs import syncs
from sf_insights.warehouse.syncs.partial_runs import sync_for
from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction
from sf_insights.warehouse.warehouse import Warehouse

COMPLETING_STEP = "insights_model"  # the step whose transaction completes a sync


@dataclass
class Step:
    """What an asset works with: its sync, the open warehouse, and the retry policy of the run."""

    sync: Sync
    warehouse: Warehouse
    retry: RetryPolicy
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long the asset has worked, without the time it waited for the warehouse's lock."""
        return round(time.monotonic() - self.began, 3)

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Run a transaction: commit at the end of the block, roll back on an error."""
        return self.warehouse.transaction()


class WarehouseResource(HomeResource):
    """The warehouse. The first step of a run that needs it takes its lock; the end of the run releases it."""

    _warehouse: Warehouse | None = PrivateAttr(default=None)
    _tags: dict[str, str] = PrivateAttr(default_factory=dict)
    _run_id: str = PrivateAttr(default="")
    _retry: RetryPolicy | None = PrivateAttr(default=None)
    _log: dg.DagsterLogManager | None = PrivateAttr(default=None)
    _has_ended_died: bool = PrivateAttr(default=False)
    _failures: RunFailures = PrivateAttr(default_factory=RunFailures)
    _sign_of_life: RunLock | None = PrivateAttr(default=None)
    _progress: ProgressNote | None = PrivateAttr(default=None)
    _lake_failure: str | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        note_signals(STOPPED)
        self._tags, self._failures, self._lake_failure = {}, RunFailures(), None
        self._has_ended_died = False
        if context.run is not None:
            with suppress(OSError, Problem):  # the first step reports a full disk
                self._sign_of_life = RunLock(self.places.data, context.run.run_id)
            if self._sign_of_life is not None and context.instance is not None:
                self._progress = ProgressNote(self.places.data, context.run.run_id)
                context.instance.add_event_listener(context.run.run_id, news_listener(self._progress.tell, self.names))

    def records(self, records: int, found: int) -> None:
        """Note how many records have arrived and how many there are so far, for people who watch the run."""
        if self._progress is not None:
            self._progress.records(records, found)

    @contextmanager
    def opening(self, context: dg.AssetExecutionContext, source: SettingsResource) -> Iterator[Step]:
        """Open a sync, if the administrator's file is valid. A complete run does this first."""
        self._failures.is_sync = True
        with explained(), self._watched(context), self._noted(context):
            configuration = source.configuration()
        with self._reported(context, may_create=True) as warehouse:
            self._end_died_syncs(context, warehouse)
            with warehouse.transaction() as tx:
                sync = syncs.open_sync(
                    tx,
                    today=self._today,
                    run_id=context.run.run_id,
                    configuration=configuration,
                    accepted=accepted_guards(context.run.tags),
                )
            self.tag(context, day=sync.day)
            if sync.day > (here := self._today(configuration)):
                context.log.warning(
                    f"It is {here} in {configuration.timezone}, but {sync.day} was synced before the time zone was "
                    f"changed. This is another run of {sync.day}, until that day comes."
                )
            context.log.info(f"sync {sync.number} of {sync.day}")
            yield Step(sync, warehouse, self._patient(context, sync.configuration))

    @contextmanager
    def step(self, context: dg.AssetExecutionContext, stage: Stage, source: SettingsResource) -> Iterator[Step]:
        """Do a stage of the sync that this run opened. A run that starts here uses the data of an earlier sync."""
        with self._reported(context) as warehouse:
            self._end_died_syncs(context, warehouse)
            with warehouse.transaction() as tx:
                sync = sync_for(
                    tx,
                    stage,
                    context.run.run_id,
                    accepted=accepted_guards(context.run.tags),
                    configuration=source.configuration,
                    today=self._today,
                )
                org_id = syncs.org_of(tx, sync)
            self._failures.is_sync = True
            yield self._tagged(context, warehouse, sync, org_id)

    def relabelling(self, context: dg.AssetExecutionContext) -> AbstractContextManager[Step]:
        """Label the fields of the last plan, also if another run made it."""
        return self._of_earlier_sync(context, syncs.last_planned_sync)

    def after_sync(self, context: dg.AssetExecutionContext) -> AbstractContextManager[Step]:
        """Work on the last complete sync, also if another run made it: publish it, or fill the days before it."""
        return self._of_earlier_sync(context, syncs.last_complete_sync)

    @contextmanager
    def _of_earlier_sync(
        self, context: dg.AssetExecutionContext, find: Callable[[Transaction], Sync]
    ) -> Iterator[Step]:
        with self._reported(context) as warehouse:
            with warehouse.transaction() as tx:
                sync = find(tx)
                org_id = syncs.org_of(tx, sync)
            yield self._tagged(context, warehouse, sync, org_id)

    @contextmanager
    def publishing_lake(self, context: dg.AssetExecutionContext) -> Iterator[None]:
        """Hold the lock while the snapshot is published into the lake, and report a change of its state.

        A failure is that of the lake alone: the sync stays complete and published.
        """
        with explained():
            try:
                self._opened(context)
                yield
            except STOPPED:
                raise
            except Exception as error:
                self._lake_failure = reason_of(error)
                self.alerts().lake(self._lake_failure)
                raise
        self.alerts().lake(None)

    def _tagged(self, context: dg.AssetExecutionContext, warehouse: Warehouse, sync: Sync, org_id: str | None) -> Step:
        self.tag(context, day=sync.day, org_id=org_id)
        return Step(sync, warehouse, self._patient(context, sync.configuration))

    def _patient(self, context: dg.AssetExecutionContext, configuration: AccountFieldSync) -> RetryPolicy:
        """Return the retry policy of the run, which all its steps share."""
        self._log = context.log
        if self._retry is None:
            self._retry = retry_policy(context.run.tags, configuration, self._tell_waiting)
        return self._retry

    def _tell_waiting(self, waiting: Waiting | None) -> None:
        if self._warehouse is not None:
            self._warehouse.note_waiting(waiting)
        if self._log is None:
            return
        if waiting is None:
            self._log.info("waiting no more")
        else:
            self._log.warning(str(waiting))

    def tag(self, context: dg.AssetExecutionContext, *, day: date | None = None, org_id: str | None = None) -> None:
        """Tag the run with its day and org, so that Dagster can list runs by them."""
        said = {name: str(value) for name, value in ((DAY_TAG, day), (ORG_TAG, org_id)) if value}
        new = {name: value for name, value in said.items() if self._tags.get(name) != value}
        if new:
            context.instance.add_run_tags(context.run.run_id, new)
            self._tags |= new

    def forget_runs(self, context: dg.AssetExecutionContext, days: int) -> None:
        """Delete older runs in Dagster. A failure is only logged, because the sync is published."""
        try:
            before = now() - timedelta(days=days)
            recorded_runs.forget_runs(context.instance, before, self.names.name(recorded_runs.DAILY_SYNC))
        except Exception as error:
            context.log.warning(f"old runs could not be deleted, the next sync tries again: {error}")

    @contextmanager
    def reading(self, context: dg.AssetCheckExecutionContext) -> Iterator[Transaction]:
        """Read what the last sync did, also if another run did it. Changes nothing."""
        with explained(), self._opened(context).transaction() as tx:
            if tx.is_empty("ops.sync_runs"):
                raise WarehouseProblem("Nothing has been synced yet.", "Run `sf-insights sync`.")
            yield tx

    @contextmanager
    def _reported(self, context: dg.AssetExecutionContext, *, may_create: bool = False) -> Iterator[Warehouse]:
        """Provide the open warehouse. If the step fails, record the reason in the sync's row."""
        with explained(), self._watched(context), self._noted(context):
            try:
                yield self._opened(context, may_create=may_create)
            except BaseException as error:
                if self._warehouse is not None:
                    self._note_failure(self._warehouse, context, reason_of(error))
                raise

    def _note_failure(self, warehouse: Warehouse, context: dg.AssetExecutionContext, reason: str) -> None:
        try:
            warehouse.reopen()
            with warehouse.transaction() as tx:
                syncs.fail_sync(tx, context.run.run_id, reason)
        except (duckdb.Error, OSError, Problem) as second:
            # Report the reason of the step, not this second failure.
            context.log.warning(f"the failure could not be noted in the warehouse, the next sync does so: {second}")

    def _watched(self, context: dg.AssetExecutionContext) -> AbstractContextManager[None]:
        return self._failures.watching(context.op_def.name, STOPPED, reason_of)

    def _end_died_syncs(self, context: dg.AssetExecutionContext, warehouse: Warehouse) -> None:
        """Record and report earlier syncs that died. This run holds the lock, so no sync dies after the first look."""
        if self._has_ended_died:
            return
        with warehouse.transaction() as tx:
            died = syncs.end_died_syncs(tx, context.run.run_id)
        self._has_ended_died = True
        for day, reason in died:
            self.alerts().failed(day, reason)

    @contextmanager
    def _noted(self, context: dg.AssetExecutionContext) -> Iterator[None]:
        """Record why a run fails, for the schedule."""
        try:
            yield
        except BaseException as error:
            self._note_ending(context.instance, context.run.run_id, ending_of(error))
            raise

    def _note_ending(self, instance: dg.DagsterInstance | None, run_id: str, ending: Ending) -> None:
        with suppress(Exception):  # if this fails too, the schedule takes the failure for a temporary one
            if instance is not None:
                fingerprint = recorded_runs.settings_fingerprint(self.places.configuration, self.variables)
                recorded_runs.note_ending(instance, run_id, ending, fingerprint)

    def completes_a_sync(self, context: dg.AssetExecutionContext) -> bool:
        """Whether the run of a step also has the step that completes a sync."""
        steps = context.run.step_keys_to_execute or context.job_def.graph.node_dict
        return self.names.name(COMPLETING_STEP) in steps

    def _is_partial(self, context: dg.InitResourceContext) -> bool:
        """Whether a run leaves out the step that completes a sync."""
        steps = context.run.step_keys_to_execute if context.run else None
        return steps is not None and self.names.name(COMPLETING_STEP) not in steps

    def _today(self, configuration: AccountFieldSync) -> date:
        return today(self.variables, configuration.zone)

    def _opened(
        self, context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, *, may_create: bool = False
    ) -> Warehouse:
        if self._warehouse is None:
            warehouse = Warehouse.of(self.places)
            if not may_create:
                warehouse.refuse_missing()
            warehouse.open(f"Dagster run {context.run.run_id}", tell=context.log.warning)
            self._warehouse, self._run_id = warehouse, context.run.run_id
        return self._warehouse

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        forget_signals()
        self._retry, self._log = None, None
        if self._warehouse is not None:
            try:
                self._warehouse.reopen()
                blocked = self._failures.blocked(context.instance, self._run_id)
                with self._warehouse.transaction() as tx:
                    if blocked:
                        syncs.fail_sync(tx, self._run_id, blocked)
                        self._note_ending(context.instance, self._run_id, "person")
                    syncs.leave_sync(tx, self._run_id, is_partial=self._is_partial(context))
            except (duckdb.Error, OSError, Problem):  # the next sync notes it
                pass
            finally:
                self._warehouse.close()
                self._warehouse = None
        if reason := self._failures.to_tell:
            self.alerts().failed(None, reason)  # after the lock is released, so that no process waits for the alert
        if self._progress is not None:
            self._progress.end(self._failures.reason or self._lake_failure, self._failures.cause)
            if not self.places.warehouse.exists():
                self._progress.discard()  # a run that made nothing leaves nothing
            self._progress = None
        if self._sign_of_life is not None:
            self._sign_of_life.release()
            self._sign_of_life = None
