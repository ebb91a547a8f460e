"""When the job runs: daily, at the time and in the time zone that the administrator's file says."""

import dagster as dg

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.selection import AccountFieldSync, SelectedField
from sf_insights.jobs import daily_account_field_sync
from sf_insights.resources import settings
from sf_insights.resources.configuration_file import load_configuration

# What the schedule uses while the file cannot be read, so that the code loads and the tick can say what is wrong.
_DEFAULTS = AccountFieldSync(fields=(SelectedField(field="Id"),))


def daily_schedule() -> dg.ScheduleDefinition:
    """The schedule as the file says at the moment when the code loads."""
    try:
        configuration = load_configuration(_places().configuration)
    except ConfigurationProblem:
        configuration = _DEFAULTS

    @dg.schedule(
        job=daily_account_field_sync,
        cron_schedule=configuration.cron,
        execution_timezone=configuration.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Once a day, at `daily_at` in `timezone` of account_field_sync.yaml.",
        name=daily_account_field_sync.name,
    )
    def daily(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        try:
            now = load_configuration(_places().configuration)
        except ConfigurationProblem as problem:
            raise dg.Failure(description=str(problem)) from problem
        if not now.enabled:
            return dg.SkipReason("The synchronization is switched off: account_field_sync.yaml says `enabled: false`.")
        return dg.RunRequest()

    return daily


def _places() -> settings.Places:
    return settings.Places.from_environment(settings.environment())
