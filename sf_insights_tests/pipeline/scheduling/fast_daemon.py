"""Dagster's daemon with a clock on which a minute takes three seconds, for a schedule that ticks every minute.

Only the clock of Dagster's schedules is fast. sf_insights, the demo org and the events of a run have the real one. So
does Dagster's monitoring, which measures against these events how long a run takes to start. The argument is the time
at which both clocks agree, in seconds since 1970, so that a second daemon continues where the first one was killed.
"""

import sys
import time
from datetime import UTC, datetime

from dagster import _time
from dagster._daemon.cli import main
from dagster._daemon.monitoring import run_monitoring
from dagster._scheduler import scheduler

SPEED = 20
PAUSE_SECONDS = 1  # between two ticks of the scheduler on that clock


def speed_up_clock(agreed: float) -> None:
    """Replace Dagster's clock the way Dagster's own tests do."""

    def timestamp() -> float:
        return agreed + (time.time() - agreed) * SPEED

    _time._mockable_get_current_timestamp = timestamp
    _time._mockable_get_current_datetime = lambda: datetime.fromtimestamp(timestamp(), UTC)
    run_monitoring.get_current_timestamp = time.time  # type: ignore[attr-defined]  # it imports it
    scheduler._get_next_scheduler_iteration_time = lambda start_time: start_time + PAUSE_SECONDS


if __name__ == "__main__":
    speed_up_clock(float(sys.argv.pop(1)))
    main()
