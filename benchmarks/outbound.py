"""Time outbound runs over a million records: nothing changed, and one record in a hundred.

Run python -m benchmarks.outbound with the variables of the org and the data set. Dagster's start-up is not included:
the clock starts with the first step.
"""

import sys

from benchmarks.timed_run import report_run
from sf_insights.outbound.acceptance import accept_preview
from sf_insights.runs import run_outbound
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import Places, environment


def main(mode: str) -> None:
    """Run the job, and report what it took. The mode `accept` previews, accepts, and sends."""
    if mode == "accept":
        _run("preview")
        places = Places.from_environment(environment())
        outbound = load_configuration(places.configuration).outbound
        if outbound is not None:
            accept_preview(outbound, places)
    _run("send")


def _run(mode: str) -> None:
    report_run(lambda listen: run_outbound("preview" if mode == "preview" else "send", on_news=listen))


if __name__ == "__main__":
    main(sys.argv[1])
