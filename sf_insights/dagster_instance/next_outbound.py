"""When Dagster starts the next outbound run, and what prevents it."""

from __future__ import annotations

from collections.abc import Mapping

from sf_insights.dagster_instance import recorded_runs
from sf_insights.dagster_instance.names import Names
from sf_insights.dagster_instance.next_sync import Outlook, obstacle_of, readable_instance
from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.outbound.schedule import is_due, next_slot
from sf_insights.domain.problems import WarehouseProblem
from sf_insights.domain.wording import since
from sf_insights.system.clock import now

SWITCHED_OFF = "Sending to Salesforce is switched off."


def outbound_outlook(
    configuration: AccountFieldSync, variables: Mapping[str, str], waits: str | None
) -> Outlook | None:
    """Return what Dagster will do; None if the file has no `outbound:` block.

    Args:
        configuration: the settings.
        variables: the environment of the home.
        waits: why the next run waits for a person, or None.
    """
    outbound, moment = configuration.outbound, now()
    if outbound is None:
        return None
    if not (configuration.enabled and outbound.enabled):
        return Outlook(None, SWITCHED_OFF)
    at = next_slot(moment, outbound.interval, configuration.zone)
    job = Names.of_home(variables).name(recorded_runs.OUTBOUND_SYNC)
    try:
        with readable_instance() as instance:
            running = recorded_runs.run_under_way(instance, job) if instance else None
            last = recorded_runs.last_sent(instance, job) if instance else None
            obstacle, remedy = obstacle_of(instance, moment, job)
    except WarehouseProblem as unreadable:
        running, last, obstacle, remedy = None, moment, unreadable.what, ""
    if running:
        return Outlook(None if obstacle else at, f"A run is under way ({running}).", obstacle, remedy)
    if waits is not None:
        return Outlook(None, waits, obstacle, remedy)
    if is_due(moment, outbound.interval, configuration.zone, last):
        return Outlook(None if obstacle else moment, "The next run is due now.", obstacle, remedy)
    local = f"{at.astimezone(configuration.zone):%Y-%m-%d %H:%M} {configuration.timezone}"
    return Outlook(None if obstacle else at, f"The next run is due {local} ({since(at, moment)}).", obstacle, remedy)
