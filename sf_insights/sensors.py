"""What Dagster looks after between the syncs."""

import dagster as dg

from sf_insights.dagster_instance.run_processes import end_dead_runs
from sf_insights.dagster_resources import SettingsResource
from sf_insights.domain.problems import ConfigurationProblem


def runs_that_died(name: str, settings: SettingsResource) -> dg.SensorDefinition:
    """Return the sensor that ends the runs of a home whose process has died; it never starts one."""

    @dg.sensor(
        name=name,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Reports the runs as failed whose process died together with the daemon or the terminal: else they would "
            "hold the queue for hours."
        ),
    )
    def look(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        try:
            data = settings.places.data
        except ConfigurationProblem as problem:
            raise dg.Failure(description=str(problem)) from problem
        ended = end_dead_runs(context.instance, data)
        return dg.SkipReason(f"Reported as failed: {', '.join(ended)}." if ended else "Every unfinished run is alive.")

    return look
