"""Time a whole sync, as `sf-insights sync` runs it, and each of its steps.

Run python -m benchmarks.sync with the variables of the org and the data set. Dagster's start-up is not included: the
clock starts with the first step.
"""

import sys
import time
from collections.abc import Callable

from benchmarks.child import report
from sf_insights.dagster_instance.run_news import News
from sf_insights.runs import run_sync


def main() -> None:
    """Sync, and report what it took."""
    began: dict[str, float] = {}
    ended: dict[str, float] = {}

    outcome = run_sync(on_news=stopwatch(began, ended))
    end = time.monotonic()
    if not outcome.success:
        sys.exit(f"{outcome.failed_step}: {outcome.reason}")
    report(
        seconds=end - min(began.values()),
        steps={step: round(ended[step] - began[step], 3) for step in ended},
    )


def stopwatch(began: dict[str, float], ended: dict[str, float]) -> Callable[[News], None]:
    """Return a listener that notes when each step of a run began and ended."""

    def listen(news: News) -> None:
        if news.kind == "began":
            began[news.step] = time.monotonic()
        elif news.kind == "ended":
            ended[news.step] = time.monotonic()

    return listen


if __name__ == "__main__":
    main()
