"""Dagster's daemon, for which a minute passes in three seconds: a schedule that looks every minute is seen to.

Only Dagster's own clock is fast; sf_insights and the demo org keep the real one. The argument is the moment at which
both clocks agree, in seconds since 1970, so that a second daemon goes on where the first one was killed.
"""

import sys
import time
from datetime import UTC, datetime

from dagster import _time
from dagster._daemon.cli import main
from dagster._scheduler import scheduler

SPEED = 20
PAUSE_SECONDS = 1  # between two looks of the scheduler at that clock


def let_time_fly(agreed: float) -> None:
    """Replace what Dagster has replaced for its own tests."""

    def timestamp() -> float:
        return agreed + (time.time() - agreed) * SPEED

    _time._mockable_get_current_timestamp = timestamp
    _time._mockable_get_current_datetime = lambda: datetime.fromtimestamp(timestamp(), UTC)
    scheduler._get_next_scheduler_iteration_time = lambda start_time: start_time + PAUSE_SECONDS


if __name__ == "__main__":
    let_time_fly(float(sys.argv.pop(1)))
    main()
