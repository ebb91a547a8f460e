"""The steps of a run as the page shows them, with records, rate and the time that is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sf_insights.dagster_instance.run_progress import RunProgress, StepProgress
from sf_insights.dagster_instance.step_words import STAGES
from sf_insights.domain.wording import counted, remaining

# Only homes with a lake have these steps: that of a sync, and that of a backfill.
LAKE, HISTORY_LAKE = "insights__published_lake", "insights__published_history_lake"
LAKES = (LAKE, HISTORY_LAKE)
# The steps of a whole sync, in their order.
BACKFILL_STEPS = tuple(name for name in STAGES if name.endswith("_history"))
SYNC_STEPS = tuple(
    name for name in STAGES if not name.startswith("outbound__") and name not in (*BACKFILL_STEPS, *LAKES)
)
_MOST_BEFORE_END = 0.95
_LATE_SECONDS = 2.0


@dataclass(frozen=True)
class ShownStep:
    """One line: `detail` is the result or what happens now, `share` of it is done (0 to 1; None if unknown)."""

    title: str
    state: Literal["waiting", "running", "done", "failed"]
    detail: str = ""
    seconds: float | None = None
    share: float | None = None
    warnings: Sequence[str] = ()


def shown_steps(run: RunProgress | None, now: datetime) -> list[ShownStep]:
    """Return the steps of a run, with those of a whole sync that have not begun; None is a sync that just starts."""
    found = {stage: step for step in run.steps if (stage := _stage_of(step.step))} if run else {}
    if any(name in found for name in BACKFILL_STEPS):
        return [
            _shown(name, found[name], run, now) if name in found and run else ShownStep(STAGES[name][0], "waiting")
            for name in (*BACKFILL_STEPS, *(name for name in found if name == HISTORY_LAKE))
        ]
    is_whole = run is None or not run.steps or SYNC_STEPS[0] in found
    names = [name for name in SYNC_STEPS if is_whole or name in found] + [name for name in found if name == LAKE]
    return [
        _shown(name, found[name], run, now) if name in found and run else ShownStep(STAGES[name][0], "waiting")
        for name in names
    ]


def is_backfill(run: RunProgress) -> bool:
    """Whether a run fills history."""
    return bool(run.steps) and _stage_of(run.steps[0].step) in BACKFILL_STEPS


def seconds_left(run: RunProgress | None, now: datetime) -> float | None:
    """Return how long a running sync still takes, from its records and the steps of the last one; None if unknown."""
    if run is None or not run.usual or is_backfill(run):
        return None
    usual = {stage: seconds for step, seconds in run.usual.items() if (stage := _stage_of(step))}
    found = {stage: step for step in run.steps if (stage := _stage_of(step.step))}
    left = 0.0
    for name in (*SYNC_STEPS, LAKE):
        step = found.get(name)
        if step is None:
            left += usual.get(name, 0.0)
        elif step.state == "running":
            here = _left_of(step)
            if here is None and _elapsed(step, now) > usual.get(name, 0.0) + _LATE_SECONDS:
                return None  # longer than last time
            left += max(usual.get(name, 0.0) - _elapsed(step, now), 0.0) if here is None else here
    return left


def _stage_of(step: str) -> str | None:
    """Return the name of a step without the prefix of its home; None for an asset check."""
    stages = (*SYNC_STEPS, *LAKES, *BACKFILL_STEPS)
    return next((name for name in stages if step == name or step.endswith(f"__{name}")), None)


def _shown(name: str, step: StepProgress, run: RunProgress, now: datetime) -> ShownStep:
    title, doing = STAGES[name]
    state = "failed" if step.state == "running" and run.ended_at else step.state
    if state == "done":
        return ShownStep(title, "done", step.result, step.seconds, 1.0, step.warnings)
    if state == "failed":
        return ShownStep(title, "failed", "did not complete", step.seconds, None, step.warnings)
    usual = next((seconds for other, seconds in run.usual.items() if _stage_of(other) == name), None)
    elapsed = _elapsed(step, now)
    share = None
    if step.records and step.found:
        share = step.records / step.found
    elif usual:
        share = min(elapsed / usual, _MOST_BEFORE_END)
    return ShownStep(title, "running", _detail(step, doing), elapsed, share, step.warnings)


def _detail(step: StepProgress, doing: str) -> str:
    if not step.records:
        found = f"; Salesforce has found {counted(step.found, 'record')} so far" if step.found else ""
        return f"{doing[:1].upper()}{doing[1:]}{found}"
    text = f"{step.records:,} of {counted(step.found or step.records, 'record')}"
    if step.rate:
        text += f", {step.rate:,.0f} a second"
        if left := _left_of(step):
            text += f", about {remaining(left)} left"
    return text


def _left_of(step: StepProgress) -> float | None:
    """Return the seconds until all records have arrived; None if unknown."""
    if not step.rate or step.records is None or step.found is None:
        return None
    return (step.found - step.records) / step.rate


def _elapsed(step: StepProgress, now: datetime) -> float:
    return max((now - step.began_at).total_seconds(), 0.0)
