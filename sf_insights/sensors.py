"""What Dagster looks after between the syncs."""

import dagster as dg

from sf_insights.dagster_instance.run_processes import end_dead_runs
from sf_insights.settings.environment import Places, environment


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Reports the runs as failed whose process died together with the daemon or the terminal: else they would hold "
        "the queue for hours."
    ),
)
def runs_that_died(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """End the runs that nobody runs any more; it never starts one."""
    ended = end_dead_runs(context.instance, Places.from_environment(environment()).data)
    return dg.SkipReason(f"Reported as failed: {', '.join(ended)}." if ended else "Every unfinished run is alive.")
