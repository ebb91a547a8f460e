"""Time a backfill, as `sf-insights backfill` runs it, and each of its steps.

Run python -m benchmarks.history with the variables of the org and the data set. Dagster's start-up is not included: the
clock starts with the first step.
"""

import sys
import time

from benchmarks.child import report
from benchmarks.sync import stopwatch
from sf_insights.runs import run_backfill


def main() -> None:
    """Backfill, and report what it took."""
    began: dict[str, float] = {}
    ended: dict[str, float] = {}
    outcome = run_backfill(on_news=stopwatch(began, ended))
    end = time.monotonic()
    if not outcome.success:
        sys.exit(f"{outcome.failed_step}: {outcome.reason}")
    report(
        seconds=end - min(began.values()),
        steps={step: round(ended[step] - began[step], 3) for step in ended},
    )


if __name__ == "__main__":
    main()
