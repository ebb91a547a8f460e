"""The Dagster resources: what the assets get handed, opened when first used and closed when the run ends."""

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta

import dagster as dg
import duckdb
from pydantic import Field, PrivateAttr

from sf_insights.alerts import Alerts
from sf_insights.dagster_instance import recorded_runs
from sf_insights.dagster_instance.names import Names
from sf_insights.dagster_instance.run_failures import RunFailures
from sf_insights.dagster_instance.run_processes import RunLock
from sf_insights.domain.configuration import AccountFieldSync, retry_duration
from sf_insights.domain.problems import ConfigurationProblem, Problem, WarehouseProblem
from sf_insights.domain.syncs.schedule import Ending
from sf_insights.domain.syncs.stages import Stage
from sf_insights.insights_accounts.landed_list import AccountSource
from sf_insights.insights_accounts.source import account_source
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import Places, today, variables_of
from sf_insights.system.clock import now
from sf_insights.system.disk import disk_problem
from sf_insights.system.signals import forget_signals, note_signals, was_cut_off
from sf_insights.system.waiting import Waiting
from sf_insights.transport.patience import Patience
from sf_insights.transport.retry import RetryPolicy
from sf_insights.warehouse.syncs import syncs
from sf_insights.warehouse.syncs.partial_runs import sync_for
from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction
from sf_insights.warehouse.warehouse import Warehouse

ACCEPT_TAG = "sf_insights/accept"
DAY_TAG = "sf_insights/day"
ORG_TAG = "sf_insights/org"
COMPLETING_STEP = "insights_model"  # the step whose transaction completes a sync
RETRY_TAG = "sf_insights/retry_for"

FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0  # seconds between two tries of a run, doubling
_STOPPED = (KeyboardInterrupt, dg.DagsterExecutionInterruptedError)


class HomeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Which home a resource serves. Its variables are read when a run needs them, not when code loads."""

    home: str | None = Field(default=None, description="The directory of the home; none: the home of this process.")
    key_prefix: list[str] = Field(default=[], description="What the keys and names of this home begin with.")

    @property
    def names(self) -> Names:
        return Names(tuple(self.key_prefix))

    @property
    def variables(self) -> dict[str, str]:
        return variables_of(self.home, is_one_of_many=bool(self.key_prefix))

    @property
    def places(self) -> Places:
        return Places.from_environment(self.variables)

    def alerts(self) -> Alerts:
        variables = self.variables
        return Alerts(Places.from_environment(variables).data, variables)


class SettingsResource(HomeResource):
    """Where things are and what the administrator's file says."""

    def configuration(self) -> AccountFieldSync:
        """The administrator's file, for a sync that begins.

        Raises:
            ConfigurationProblem: it is not valid, or the synchronization is switched off.
        """
        configuration = load_configuration(self.places.configuration)
        if not configuration.enabled:
            raise ConfigurationProblem(
                f"The synchronization is switched off in {self.places.configuration.name}.",
                "Set `enabled: true` to switch it on; nothing was changed.",
            )
        return configuration


@dataclass
class Step:
    """What an asset works with: the sync it belongs to, the warehouse's transactions, and how long it keeps trying."""

    sync: Sync
    warehouse: Warehouse
    retry: RetryPolicy
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long the asset has worked, without the time it waited for the warehouse's lock."""
        return round(time.monotonic() - self.began, 3)

    def transaction(self) -> AbstractContextManager[Transaction]:
        """All of what is done inside, or nothing of it."""
        return self.warehouse.transaction()


class WarehouseResource(HomeResource):
    """The warehouse, locked from the first asset of a run that needs it until the run ends, however it ends."""

    _warehouse: Warehouse | None = PrivateAttr(default=None)
    _tags: dict[str, str] = PrivateAttr(default_factory=dict)
    _run_id: str = PrivateAttr(default="")
    _retry: RetryPolicy | None = PrivateAttr(default=None)
    _log: dg.DagsterLogManager | None = PrivateAttr(default=None)
    _failures: RunFailures = PrivateAttr(default_factory=RunFailures)
    _sign_of_life: RunLock | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        note_signals(_STOPPED)
        self._tags, self._failures = {}, RunFailures()
        if context.run is not None:
            with suppress(OSError, Problem):  # a full disk: the run has no lock file, and its first step reports it
                self._sign_of_life = RunLock(self.places.data, context.run.run_id)

    @contextmanager
    def opening(self, context: dg.AssetExecutionContext, source: SettingsResource) -> Iterator[Step]:
        """Open a sync: the first thing a complete run does, once the file has been found to be valid."""
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
                    accepted=_accepted(context),
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
        """Do a stage of the sync that this run opened; a run that starts with it takes over an earlier sync's data."""
        with self._reported(context) as warehouse:
            self._end_died_syncs(context, warehouse)
            with warehouse.transaction() as tx:
                sync = sync_for(
                    tx,
                    stage,
                    context.run.run_id,
                    accepted=_accepted(context),
                    configuration=source.configuration,
                    today=self._today,
                )
            self._failures.is_sync = True
            yield self._tagged(context, warehouse, sync)

    @contextmanager
    def relabelling(self, context: dg.AssetExecutionContext) -> Iterator[Step]:
        """Label the fields of the last plan, whichever run made it."""
        with self._reported(context) as warehouse:
            with warehouse.transaction() as tx:
                sync = syncs.last_planned_sync(tx)
            yield self._tagged(context, warehouse, sync)

    @contextmanager
    def publishing(self, context: dg.AssetExecutionContext) -> Iterator[Step]:
        """Publish the last complete sync, whichever run made it."""
        with self._reported(context) as warehouse:
            with warehouse.transaction() as tx:
                sync = syncs.last_complete_sync(tx)
            yield self._tagged(context, warehouse, sync)

    def _tagged(self, context: dg.AssetExecutionContext, warehouse: Warehouse, sync: Sync) -> Step:
        with warehouse.transaction() as tx:
            org_id = syncs.org_of(tx, sync)
        self.tag(context, day=sync.day, org_id=org_id)
        return Step(sync, warehouse, self._patient(context, sync.configuration))

    def _patient(self, context: dg.AssetExecutionContext, configuration: AccountFieldSync) -> RetryPolicy:
        """The one clock of the run, for its waiting in every step."""
        self._log = context.log
        if self._retry is None:
            patience = Patience(_retry_for(context, configuration).total_seconds(), self._tell_waiting)
            self._retry = RetryPolicy(first_wait=FIRST_WAIT, longest_wait=LONGEST_WAIT, patience=patience)
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
        """Show the day and the org that a run is about, by which Dagster can list runs."""
        said = {name: str(value) for name, value in ((DAY_TAG, day), (ORG_TAG, org_id)) if value}
        new = {name: value for name, value in said.items() if self._tags.get(name) != value}
        if new:
            context.instance.add_run_tags(context.run.run_id, new)
            self._tags |= new

    def forget_runs(self, context: dg.AssetExecutionContext, days: int) -> None:
        """Delete the runs in Dagster that are older; a sync that is published does not fail for them."""
        try:
            before = now() - timedelta(days=days)
            recorded_runs.forget_runs(context.instance, before, self.names.name(recorded_runs.DAILY_SYNC))
        except Exception as error:
            context.log.warning(f"old runs could not be deleted, the next sync tries again: {error}")

    @contextmanager
    def reading(self, context: dg.AssetCheckExecutionContext) -> Iterator[Transaction]:
        """Look at what the last sync did, whichever run did it, and change nothing."""
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
                    self._note_failure(self._warehouse, context, _reason(error))
                raise

    def _note_failure(self, warehouse: Warehouse, context: dg.AssetExecutionContext, reason: str) -> None:
        try:
            warehouse.reopen()
            with warehouse.transaction() as tx:
                syncs.fail_sync(tx, context.run.run_id, reason)
        except (duckdb.Error, OSError, Problem) as second:
            # What broke the step may break this too; the step's own reason is the one to tell.
            context.log.warning(f"the failure could not be noted in the warehouse, the next sync does so: {second}")

    def _watched(self, context: dg.AssetExecutionContext) -> AbstractContextManager[None]:
        return self._failures.watching(context.op_def.name, _STOPPED, _reason)

    def _end_died_syncs(self, context: dg.AssetExecutionContext, warehouse: Warehouse) -> None:
        """Note and tell which earlier syncs died: this run holds the lock, so none of them can still run."""
        with warehouse.transaction() as tx:
            died = syncs.end_died_syncs(tx, context.run.run_id)
        for day, reason in died:
            self.alerts().failed(day, reason)

    @contextmanager
    def _noted(self, context: dg.AssetExecutionContext) -> Iterator[None]:
        """Note why a run fails where the schedule looks for it."""
        try:
            yield
        except BaseException as error:
            self._note_ending(context.instance, context.run.run_id, _ending(error))
            raise

    def _note_ending(self, instance: dg.DagsterInstance | None, run_id: str, ending: Ending) -> None:
        with suppress(Exception):  # what broke the step may break this too: then it passes for what may pass
            if instance is not None:
                fingerprint = recorded_runs.settings_fingerprint(self.places.configuration, self.variables)
                recorded_runs.note_ending(instance, run_id, ending, fingerprint)

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
            warehouse = Warehouse(self.places.warehouse)
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
            self.alerts().failed(None, reason)  # now that nobody waits for the warehouse
        if self._sign_of_life is not None:
            self._sign_of_life.release()
            self._sign_of_life = None


class SalesforceResource(HomeResource):
    """The connected org: one login for a whole run."""

    _org: SalesforceOrg | None = PrivateAttr(default=None)

    def connected(self, retry: RetryPolicy) -> SalesforceOrg:
        if self._org is None:
            self._org = SalesforceOrg.from_environment(self.variables, retry=retry).__enter__()
        return self._org

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - Dagster's signature
        if self._org is not None:
            self._org.__exit__(None, None, None)
            self._org = None


class ZuoraResource(HomeResource):
    """Where the list of Insights accounts comes from."""

    def source(self, configuration: AccountFieldSync, retry: RetryPolicy) -> AccountSource:
        base = self.places.configuration.parent
        return account_source(configuration.insights_accounts, self.variables, base, retry=retry)


@contextmanager
def explained() -> Iterator[None]:
    """Turn a problem that a person can fix, or a stop, into a Dagster failure that explains it and is not retried."""
    try:
        yield
    except (Problem, *_STOPPED) as error:
        raise dg.Failure(description=_reason(error), allow_retries=False) from error
    except Exception as error:
        if disk_problem(error) is None:
            raise
        raise dg.Failure(description=_reason(error), allow_retries=False) from error


def _ending(error: BaseException) -> Ending:
    if isinstance(error, _STOPPED):
        return "passing" if was_cut_off() else "stopped"
    return "person" if isinstance(error, Problem) and error.needs_a_person else "passing"


def _reason(error: BaseException) -> str:
    if isinstance(error, _STOPPED):
        return "The run was stopped. Nothing was published; run it again."
    return str(disk_problem(error) or error).strip() or type(error).__name__


def _accepted(context: dg.AssetExecutionContext) -> list[str]:
    """The guards that this run may pass, from its tag.

    Raises:
        ConfigurationProblem: the tag names something else.
    """
    accepted = [word for word in context.run.tags.get(ACCEPT_TAG, "").replace("+", " ").split() if word]
    for word in accepted:
        if word not in syncs.GUARDS:
            raise ConfigurationProblem(
                f"The run's tag {ACCEPT_TAG} says {word!r}, which is not a guard.",
                f"Allowed: {', '.join(syncs.GUARDS)}.",
            )
    return accepted


def _retry_for(context: dg.AssetExecutionContext, configuration: AccountFieldSync) -> timedelta:
    """For how long this run keeps trying: by its tag, or by the administrator's file.

    Raises:
        ConfigurationProblem: the tag is not a length of time.
    """
    said = context.run.tags.get(RETRY_TAG)
    try:
        return retry_duration(said or configuration.retry_for)
    except ValueError as error:
        raise ConfigurationProblem(f"The run's tag {RETRY_TAG} {error}.") from None


def day_tag() -> dict[str, str]:
    """The run tag that shows a day set from outside."""
    day = os.environ.get("SF_INSIGHTS_TODAY")
    return {"sf_insights/today": day} if day else {}
