"""Time a whole sync, as `sf-insights sync` runs it, and each of its steps.

Run python -m benchmarks.sync with the variables of the org and the data set. Dagster's start-up is not included: the
clock starts with the first step.
"""

from benchmarks.timed_run import report_run
from sf_insights.runs import run_sync


def main() -> None:
    """Sync, and report what it took."""
    report_run(lambda listen: run_sync(on_news=listen))


if __name__ == "__main__":
    main()
