"""Time a run of a job, as a command runs it, and each of its steps. Dagster's start-up is not included."""

import sys
import time
from collections.abc import Callable

from benchmarks.child import report
from sf_insights.dagster_instance.run_news import News
from sf_insights.runs import Outcome


def report_run(run: Callable[[Callable[[News], None]], Outcome]) -> None:
    """Call `run` with a listener, and report what it took from the first step on; exit if it failed."""
    began: dict[str, float] = {}
    ended: dict[str, float] = {}

    outcome = run(_stopwatch(began, ended))
    end = time.monotonic()
    if not outcome.success:
        sys.exit(f"{outcome.failed_step}: {outcome.reason}")
    report(
        seconds=end - min(began.values()),
        steps={step: round(ended[step] - began[step], 3) for step in ended},
    )


def _stopwatch(began: dict[str, float], ended: dict[str, float]) -> Callable[[News], None]:
    """Return a listener that notes when each step of a run began and ended."""

    def listen(news: News) -> None:
        if news.kind == "began":
            began[news.step] = time.monotonic()
        elif news.kind == "ended":
            ended[news.step] = time.monotonic()

    return listen
