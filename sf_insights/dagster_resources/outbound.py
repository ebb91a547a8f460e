"""The outbound run of a Dagster run: opened by its first step, published and closed when it ends."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import dagster as dg
from pydantic import PrivateAttr

from sf_insights.dagster_instance.recorded_runs import OUTBOUND_SYNC, OUTBOUND_TAG
from sf_insights.dagster_instance.run_processes import RunLock
from sf_insights.dagster_resources import retrying
from sf_insights.dagster_resources.failures import STOPPED, explained, reason_of
from sf_insights.dagster_resources.home import HomeResource, SettingsResource
from sf_insights.dagster_resources.run_tags import ACCEPT_TAG, LIMIT_TAG, retry_time
from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.outbound.settings import OutboundSync
from sf_insights.domain.problems import ConfigurationProblem, GuardRefusal, Problem
from sf_insights.outbound.outbound_run import OutboundRun
from sf_insights.outbound.request import Request, accepted_guards
from sf_insights.outbound.state import OutboundState
from sf_insights.outbound.values.source import select_text
from sf_insights.salesforce.credentials import writing_variables
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.system.signals import forget_signals, note_signals
from sf_insights.system.waiting import Waiting
from sf_insights.transport.patience import Patience
from sf_insights.transport.retry import RetryPolicy
from sf_insights.warehouse.locked_database import DatabaseInUse


class OutboundResource(HomeResource):
    """The file of the outbound side, its lock, and the login that writes."""

    _run: OutboundRun | None = PrivateAttr(default=None)
    _sign_of_life: RunLock | None = PrivateAttr(default=None)
    _is_published: bool = PrivateAttr(default=False)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        note_signals(STOPPED)
        self._run, self._is_published = None, False
        if context.run is not None:
            with suppress(OSError, Problem):  # the first step reports a full disk
                self._sign_of_life = RunLock(self.places.data, context.run.run_id)

    def reason_to_skip(self, context: dg.AssetExecutionContext, settings: SettingsResource) -> str | None:
        """Return why a run has nothing to send, or None. The outbound job itself fails with the reason instead."""
        if context.job_name == self.names.name(OUTBOUND_SYNC):
            return None
        with explained():
            configuration = load_configuration(settings.places.configuration)
        try:
            switched_on(configuration)
        except ConfigurationProblem as problem:
            return problem.what
        return None

    @contextmanager
    def opening(self, context: dg.AssetExecutionContext, settings: SettingsResource) -> Iterator[OutboundRun]:
        """Open the file and settle what an earlier run left; the first step of a run does this."""
        with explained(), self._told():
            configuration = load_configuration(settings.places.configuration)
            run = self._opened(context, configuration, switched_on(configuration))
            with self._noted(run):
                self._run = run
                run.begin()
                yield run

    @contextmanager
    def step(self, context: dg.AssetExecutionContext) -> Iterator[OutboundRun]:
        """Go on with the run.

        Raises:
            dagster.Failure: the run does not begin with the first step.
        """
        with explained(), self._told():
            if self._run is None:
                raise ConfigurationProblem(
                    f"{context.op_def.name} needs the steps before it.",
                    "Run the whole job outbound_account_field_sync.",
                )
            with self._noted(self._run):
                yield self._run

    def publish(self, context: dg.AssetExecutionContext) -> None:
        """End the run, and replace the published file."""
        with self.step(context) as run:
            run.end()
            run.close(self.places.published_outbound)
            self._is_published = True
        forget_signals()
        if not run.request.is_preview:
            self.alerts().sent(None, run.paused)

    @contextmanager
    def _noted(self, run: OutboundRun) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            run.fail(reason_of(error), is_refusal=isinstance(error, GuardRefusal))
            raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell a failure once: the receiver hears of the first failed run, and of the first that works again."""
        try:
            yield
        except BaseException as error:
            if self._run is not None and not self._run.request.is_preview and not isinstance(error, STOPPED):
                is_unknown = isinstance(error, DatabaseInUse)  # which fields are paused
                self.alerts().sent(reason_of(error), None if is_unknown else self._run.paused)
            raise

    def _opened(
        self, context: dg.AssetExecutionContext, configuration: AccountFieldSync, outbound: OutboundSync
    ) -> OutboundRun:
        places, tags = self.places, context.run.tags
        longest = min(retry_time(tags, configuration), outbound.interval / 2)
        mode = tags.get(OUTBOUND_TAG, "send")

        def tell_waiting(waiting: Waiting | None) -> None:
            if waiting is not None:
                context.log.warning(str(waiting))

        def connect() -> SalesforceOrg:
            patience = Patience(longest.total_seconds(), tell_waiting)
            retry = RetryPolicy(first_wait=retrying.FIRST_WAIT, longest_wait=retrying.LONGEST_WAIT, patience=patience)
            return SalesforceOrg.from_environment(writing_variables(self.variables), retry=retry)

        request = Request(
            outbound=outbound,
            select=select_text(outbound, places.configuration),
            snapshot=places.snapshot,
            directory=places.data / "outbound",
            max_left=configuration.guards.max_row_drop,
            run_id=context.run.run_id,
            connect=connect,
            tell=context.log.info,
            accepted=accepted_guards(tags.get(ACCEPT_TAG, "").replace("+", " ").split()),
            is_preview=mode == "preview",
            verify=mode == "verify",
            limit=int(tags[LIMIT_TAG]) if LIMIT_TAG in tags else None,
        )
        return OutboundRun(OutboundState.of(places), request)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - Dagster's signature
        forget_signals()
        if self._run is not None and not self._is_published:
            with suppress(Problem, OSError):  # the next run publishes
                self._run.close(self.places.published_outbound)
        self._run = None
        if self._sign_of_life is not None:
            self._sign_of_life.release()
            self._sign_of_life = None


def switched_on(configuration: AccountFieldSync) -> OutboundSync:
    """Return the outbound settings.

    Raises:
        ConfigurationProblem: there are none, or they are switched off.
    """
    if configuration.outbound is None:
        raise ConfigurationProblem(
            "account_field_sync.yaml has no `outbound:` block, so nothing is sent to Salesforce.",
            "See docs/outbound.md for what to write.",
        )
    if not (configuration.enabled and configuration.outbound.enabled):
        raise ConfigurationProblem(
            "Sending to Salesforce is switched off in account_field_sync.yaml.",
            "Set `enabled: true` there; nothing was changed.",
        )
    return configuration.outbound
