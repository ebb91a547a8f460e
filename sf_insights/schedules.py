"""When the jobs run: as the administrator's file says at each moment."""

from collections.abc import Callable

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from sf_insights.dagster_instance.next_sync import planned_start, sentence_of
from sf_insights.dagster_instance.recorded_runs import last_sent, run_under_way
from sf_insights.dagster_resources import SettingsResource
from sf_insights.domain.outbound.schedule import is_due
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.outbound.waiting import reason_to_wait
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import Places
from sf_insights.system.clock import now

# A schedule's cron line is fixed while the code is loaded, and the file may say another time at any moment. So the
# schedule looks every minute, and a rule says whether it is time: domain/syncs/schedule.py.
_EVERY_MINUTE = "* * * * *"
_ATTEMPT_TAG = "sf_insights/attempt"

_Decide = Callable[[dg.DagsterInstance, str, SettingsResource], dg.RunRequest | dg.SkipReason]


def daily_schedule(job: UnresolvedAssetJobDefinition, settings: SettingsResource) -> dg.ScheduleDefinition:
    """The schedule of a home's job, by its settings as they are at each tick."""
    return _looking_each_minute(
        job,
        settings,
        _start_or_skip,
        "Once a day, at `daily_at` in `timezone` of account_field_sync.yaml as the file is now: it looks every "
        "minute whether that time has come. A time that passed while no daemon ran is made up for on the same day, "
        "and a sync that failed is tried again when the failure may pass.",
    )


def outbound_schedule(job: UnresolvedAssetJobDefinition, settings: SettingsResource) -> dg.ScheduleDefinition:
    """Return the schedule of a home's outbound job: every `every`, independent of the daily sync."""
    return _looking_each_minute(
        job,
        settings,
        _send_or_skip,
        "At every full interval `every` of the day, such as 02:00 and 04:00 for 2h, if account_field_sync.yaml has "
        "an `outbound:` block that is enabled, and a person has accepted the preview of the mapping.",
    )


def _looking_each_minute(
    job: UnresolvedAssetJobDefinition, settings: SettingsResource, decide: _Decide, description: str
) -> dg.ScheduleDefinition:
    @dg.schedule(
        job=job,
        name=job.name,
        cron_schedule=_EVERY_MINUTE,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=description,
    )
    def look(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        try:
            return decide(context.instance, job.name, settings)
        except ConfigurationProblem as problem:
            raise dg.Failure(description=str(problem)) from problem

    return look


def _start_or_skip(instance: dg.DagsterInstance, job: str, settings: SettingsResource) -> dg.RunRequest | dg.SkipReason:
    """Start a sync when it is due and none runs, or say why not."""
    variables = settings.variables
    places = Places.from_environment(variables)
    configuration = load_configuration(places.configuration)
    if not configuration.enabled:
        return dg.SkipReason(f"The synchronization is switched off: {places.configuration.name} says `enabled: false`.")
    if run := run_under_way(instance, job):
        return dg.SkipReason(f"The run {run} is under way.")
    moment = now()
    start = planned_start(configuration, places, variables, instance, moment, job)
    if start.at > moment:
        return dg.SkipReason(sentence_of(start, configuration, moment))
    return dg.RunRequest(tags={_ATTEMPT_TAG: str(start.attempt)})


def _send_or_skip(instance: dg.DagsterInstance, job: str, settings: SettingsResource) -> dg.RunRequest | dg.SkipReason:
    """Start an outbound run when it is due and none runs, or say why not."""
    places = settings.places
    configuration = load_configuration(places.configuration)
    outbound = configuration.outbound
    if outbound is None:
        return dg.SkipReason(f"{places.configuration.name} has no `outbound:` block.")
    if not (configuration.enabled and outbound.enabled):
        return dg.SkipReason(f"Sending to Salesforce is switched off in {places.configuration.name}.")
    if run := run_under_way(instance, job):
        return dg.SkipReason(f"The run {run} is under way.")
    moment = now()
    if not is_due(moment, outbound.interval, configuration.zone, last_sent(instance, job)):
        return dg.SkipReason(f"Values are sent every {outbound.every}, and the next time has not come.")
    if reason := reason_to_wait(outbound, places):
        return dg.SkipReason(reason)
    return dg.RunRequest()
