"""What the page Sync shows: the run of these pages, or the one that somebody else started."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sf_insights.dagster_instance.run_progress import RunProgress, read_progress
from sf_insights.domain.wording import remaining
from sf_insights.pages.plain_words import plain
from sf_insights.pages.syncing.steps import LAKE, LAKES, ShownStep, is_backfill, seconds_left, shown_steps
from sf_insights.pages.work import Work

SYNC_TITLE = "Sync"
BACKFILL_TITLE = "History from Salesforce"
_WITH_STEPS = (SYNC_TITLE, BACKFILL_TITLE)
_SETTINGS = ("Accept it on the page Settings", "/settings")
_TEST = ("Test the connection", "/settings#connections")
_FIELDS = ("Look at the selected fields", "/fields")
_LABELS = ("Look at the labels", "/labels")
_PUBLICATION = "Publication"
_RUNNING = {
    _PUBLICATION: "The data is being published again.",
    BACKFILL_TITLE: "The past is being filled from Salesforce.",
}
# What each is called when it fails, and what it says when it succeeds.
_ENDED = {
    SYNC_TITLE: ("sync", "The sync is complete and published"),
    _PUBLICATION: ("publication", "The data is published again"),
    BACKFILL_TITLE: ("backfill", "The past is filled and published"),
}
_STEPS_OF_A_PUBLICATION = ("insights__field_labels", "insights__published_snapshot", LAKE)


@dataclass(frozen=True)
class View:
    """The page. `headline` is a sentence; `next_step` is the text and address of a link, None if there is none."""

    title: str
    state: Literal["running", "good", "bad"]
    headline: str
    began_at: datetime
    reason: str = ""
    left: str = ""
    steps: Sequence[ShownStep] = ()
    next_step: tuple[str, str] | None = None
    back: tuple[str, str] | None = None
    log: Sequence[str] = ()


def view(data: Path, work: Work | None, now: datetime) -> View | None:
    """Return what runs, or what ended last; None if nothing has run yet."""
    run = read_progress(data)
    is_own_sync = work is not None and work.title in _WITH_STEPS
    if work is not None and work.is_running and not is_own_sync:
        return _of_work(work)
    if work is not None and work.is_running:
        own = run if run is not None and run.began_at >= work.began_at else None
        return _running(own, now, work.began_at, work.shown, work.title)
    if run is not None and run.ended_at is None:
        return _running(run, now, run.began_at, [])
    if work is not None and (is_own_sync is False or run is None or run.began_at < work.began_at):
        is_newer = run is not None and work.ended_at is not None and run.began_at > work.ended_at
        if not is_newer:
            return _of_work(work)
    return None if run is None else _ended(run, work, now)


def running_title(data: Path, work: Work | None) -> str | None:
    """Return what runs now, for the top of every page; None if nothing does."""
    if work is not None and work.is_running:
        return work.title
    run = read_progress(data)
    return _title_of(run) if run is not None and run.ended_at is None else None


def _running(
    run: RunProgress | None, now: datetime, began_at: datetime, lines: Sequence[str], title: str | None = None
) -> View:
    left = seconds_left(run, now)
    title = _title_of(run) if run or title is None else title
    headline = _RUNNING.get(title) or ("The sync is running." if run and run.steps else "The sync is starting.")
    return View(
        title,
        "running",
        headline,
        began_at,
        left=f"About {remaining(left)} left." if left and left >= 1 else "",
        steps=shown_steps(run, now),
        log=_plain_lines(lines),
    )


def _ended(run: RunProgress, work: Work | None, now: datetime) -> View:
    is_own = work is not None and work.title in _WITH_STEPS and run.began_at >= work.began_at
    what, done = _ENDED[_title_of(run)]
    if run.success:
        headline = f"{done}; analysts see it when they reconnect."
        reason, next_step = "", None
    elif any(step.step.endswith(LAKES) for step in run.steps):
        headline = "The data is published; analysts see it when they reconnect. The lake shows what it showed before."
        reason, next_step = plain(run.reason), None
    else:
        headline = f"The {what} did not complete. Nothing was published; the last snapshot is unchanged."
        reason, next_step = plain(run.reason), _next_step(run)
    return View(
        _title_of(run),
        "good" if run.success else "bad",
        headline,
        run.began_at,
        reason=reason,
        steps=shown_steps(run, now),
        next_step=next_step,
        log=_plain_lines(work.shown) if is_own and work else (),
    )


def _of_work(work: Work) -> View:
    state: Literal["running", "good", "bad"] = "running" if work.is_running else "good" if not work.exit_code else "bad"
    headline = f"{work.title} is running." if work.is_running else work.outcome
    reason = "" if state != "bad" else next(iter(_plain_lines(work.shown[-1:])), "")
    return View(work.title, state, headline, work.began_at, reason=reason, back=work.back, log=_plain_lines(work.shown))


def _title_of(run: RunProgress | None) -> str:
    """Return what a run is called: a publication begins with the labels or with the last step of a sync."""
    is_publication = run is not None and bool(run.steps) and run.steps[0].step.endswith(_STEPS_OF_A_PUBLICATION)
    if run is not None and is_backfill(run):
        return BACKFILL_TITLE
    return _PUBLICATION if is_publication else SYNC_TITLE


def _next_step(run: RunProgress) -> tuple[str, str] | None:
    """Return where a person can do something about a failed run; None if nothing can be done on the pages."""
    failed = next((step.step for step in run.steps if step.state != "done"), "")
    match run.cause:
        case "guard":
            return _SETTINGS
        case "labels":
            return _LABELS
        case "settings" if failed.endswith("salesforce__selected_fields"):
            return _FIELDS
        case "settings" | "connection":
            return _TEST
        case _:
            return None


def _plain_lines(lines: Sequence[str]) -> list[str]:
    """Return the lines of a log without those that are for a terminal."""
    return [said for line in lines if (said := _indented(line)).strip()]


def _indented(line: str) -> str:
    return line[: len(line) - len(line.lstrip())] + plain(line)
