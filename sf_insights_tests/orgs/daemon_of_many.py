"""Dagster's daemon with a clock on which a minute takes twelve seconds; it loads the orgs again every minute."""

import sys

from dagster._daemon import controller
from dagster._daemon.cli import main

from sf_insights_tests.pipeline.scheduling import fast_daemon

if __name__ == "__main__":
    fast_daemon.SPEED = 5
    controller.RELOAD_WORKSPACE_INTERVAL = 60
    fast_daemon.speed_up_clock(float(sys.argv.pop(1)))
    main()
