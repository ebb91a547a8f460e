"""Publishes the snapshot again under changed labels, as a child of the pages."""

from __future__ import annotations

import sys
from collections.abc import Callable

from sf_insights import runs
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.configuration_file import ConfigurationFile, take_back

# How it ended: the labels were refused, so that the file should be as it was; they are left to the sync that runs, or
# to the first one; or something else failed.
REFUSED, LEFT_TO_SYNC, FAILED = 3, 4, 1


def main() -> int:
    """Run it and tell how it goes; the exit code is 0 when the labels are published."""
    outcome = runs.run_relabelling(on_news=_tell)
    if outcome.success:
        return 0
    print(outcome.reason or "The run failed without a reason.", flush=True)
    if outcome.is_left_to_sync:
        return LEFT_TO_SYNC
    return REFUSED if outcome.is_refused_label else FAILED


def outcome_of(before: ConfigurationFile, written: ConfigurationFile) -> Callable[[int], str]:
    """What makes a sentence of the exit code; labels that were refused are taken out of the file again."""
    name = written.path.name

    def end(exit_code: int) -> str:
        if exit_code == 0:
            return "The labels are published; analysts see them when they reconnect."
        if exit_code == LEFT_TO_SYNC:
            return f"The labels are in {name}, and the sync that runs publishes them when it ends."
        if exit_code != REFUSED:
            return f"The labels are in {name}, but are not published yet: the next complete sync publishes them."
        try:
            take_back(written, before)
        except ConfigurationProblem:
            return f"The labels were refused. {name} was changed meanwhile and stays so; take them out of it yourself."
        return f"The labels were refused. {name} is as it was."

    return end


def _tell(news: runs.News) -> None:
    if news.kind == "warned":
        print(news.text, file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    sys.exit(main())
