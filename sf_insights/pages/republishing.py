"""Publishes the snapshot again with changed labels, as a child process of the pages."""

from __future__ import annotations

import sys
from collections.abc import Callable

from sf_insights import runs
from sf_insights.dagster_instance.run_news import News
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.configuration_file import ConfigurationFile, take_back
from sf_insights.settings.revisions import edited_by, present_author

# Exit codes: a label was refused, so the file must be restored; the running or first sync publishes the labels; or
# something else failed.
REFUSED, LEFT_TO_SYNC, FAILED = 3, 4, 1


def main() -> int:
    """Publish and report progress; the exit code is 0 if the labels are published."""
    outcome = runs.run_relabelling(on_news=_tell)
    if outcome.success:
        return 0
    print(outcome.reason or "The run failed without giving a reason.", flush=True)
    if outcome.is_published:
        return 0
    if outcome.is_left_to_sync:
        return LEFT_TO_SYNC
    return REFUSED if outcome.is_refused_label else FAILED


def outcome_of(before: ConfigurationFile, written: ConfigurationFile) -> Callable[[int], str]:
    """Return a function that turns the exit code into a sentence, and restores the file if a label was refused.

    The person who started the publication is the author of the restored file; the function runs in another thread.
    """
    name, author = written.path.name, present_author()

    def end(exit_code: int) -> str:
        if exit_code == 0:
            return "Published; analysts see it when they reconnect."
        if exit_code == LEFT_TO_SYNC:
            return f"Written to {name}; the running sync publishes it when it ends."
        if exit_code != REFUSED:
            return f"Written to {name}, but not published yet; the next complete sync publishes it."
        try:
            with edited_by(author):
                take_back(written, before)
        except ConfigurationProblem:
            return f"The change was refused. {name} was edited meanwhile; take the change out of it yourself."
        return f"The change was refused, and {name} is as it was before."

    return end


def _tell(news: News) -> None:
    if news.kind == "warned":
        print(news.text, file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    sys.exit(main())
