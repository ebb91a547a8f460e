"""A note beside the warehouse with the progress of the present or last run, for other processes to read.

Every run writes it: runs of commands, of the pages and of Dagster's schedule. The lock of the run tells whether its
process still lives.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sf_insights.dagster_instance.run_failures import Cause
from sf_insights.dagster_instance.run_news import News
from sf_insights.dagster_instance.run_processes import is_alive
from sf_insights.dagster_instance.step_words import result_of
from sf_insights.system.clock import now
from sf_insights.system.durable import remove_unfinished_notes, write_note

_NAME = "run.progress"
_SECONDS_BETWEEN = 0.3
_MOST_WARNINGS = 20


@dataclass
class StepProgress:
    """One step. `records` of `found` records have arrived after `reading_seconds`; both are None for other steps."""

    step: str
    began_at: datetime
    state: Literal["running", "done", "failed"] = "running"
    seconds: float | None = None
    result: str = ""
    said: str = ""
    records: int | None = None
    found: int | None = None
    reading_seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float | None:
        """Records per second; None before any arrived."""
        return self.records / self.reading_seconds if self.records and self.reading_seconds > 0 else None


@dataclass
class RunProgress:
    """One run.

    `usual` has the seconds of each step in the last complete run; `reason` is why it failed,
    and `cause` what that is about.
    """

    run_id: str
    began_at: datetime
    ended_at: datetime | None = None
    success: bool = False
    reason: str = ""
    cause: Cause = "other"
    steps: list[StepProgress] = field(default_factory=list)
    usual: dict[str, float] = field(default_factory=dict)


def read_progress(data: Path) -> RunProgress | None:
    """Return the progress of the present or last run of a home; None if none has run.

    A run whose process died has ended without success.
    """
    found = _read(data)
    if found is not None and found.ended_at is None and not is_alive(data, found.run_id):
        again = _read(data)  # it may have ended between the two looks
        if again is None or again.ended_at is not None:
            return again
        found.ended_at = max([found.began_at, *(step.began_at for step in found.steps)])
        found.reason = "The process of the sync ended before the sync did. The next sync repairs what it left."
    return found


def _read(data: Path) -> RunProgress | None:
    try:
        content = json.loads((data / _NAME).read_text(encoding="utf-8"))
        steps = [StepProgress(**{**step, "began_at": _moment(step["began_at"])}) for step in content["steps"]]
        moments = {name: content[name] and _moment(content[name]) for name in ("began_at", "ended_at")}
        return RunProgress(**{**content, **moments, "steps": steps})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _plain(value: Any) -> Any:
    """Return a value of the note as JSON can hold it. `asdict` copies all steps, at each piece of news."""
    return value.isoformat() if isinstance(value, datetime) else vars(value)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


class ProgressNote:
    """Writes the note of one run. If it cannot be written, the run goes on without it."""

    def __init__(self, data: Path, run_id: str) -> None:
        self._path = data / _NAME
        before = _read(data)
        usual = dict(before.usual) if before else {}
        if before is not None and before.success:
            usual |= {step.step: step.seconds for step in before.steps if step.seconds is not None}
        self._run = RunProgress(run_id, now(), usual=usual)
        self._facts: dict[str, Any] = {}
        self._lock = threading.Lock()  # pages of records arrive in threads
        self._written = 0.0
        self._began = time.monotonic()
        self._reads_since: float | None = None
        with suppress(OSError):
            remove_unfinished_notes(self._path)
        self._write()

    def tell(self, news: News) -> None:
        """Add one piece of news."""
        with self._lock:
            step = self._step(news.step)
            match news.kind:
                case "began":
                    self._run.steps = [one for one in self._run.steps if one.step != news.step]
                    self._run.steps.append(StepProgress(news.step, now()))
                    self._facts, self._began, self._reads_since = {}, time.monotonic(), None
                case "made":
                    self._facts |= news.facts
                case "said" if step:
                    step.said = news.text
                case "warned" if step:
                    step.warnings = [*step.warnings, news.text][-_MOST_WARNINGS:]
                case "ended" | "failed" if step:
                    step.state = "done" if news.kind == "ended" else "failed"
                    step.seconds = round(time.monotonic() - self._began, 1)
                    if news.kind == "ended":
                        with suppress(KeyError):  # a step that another project renamed has no words
                            step.result = result_of(news.step, self._facts)
                case _:
                    return
            self._write()

    def records(self, records: int, found: int) -> None:
        """Note how many records of the present step have arrived, and how many there are so far."""
        with self._lock:
            if not self._run.steps:
                return
            step = self._run.steps[-1]
            if self._reads_since is None or not records:  # the wait for Salesforce does not count
                self._reads_since = time.monotonic()
            step.records, step.found = records, max(found, records)
            step.reading_seconds = time.monotonic() - self._reads_since
            if time.monotonic() - self._written >= _SECONDS_BETWEEN:
                self._write()

    def end(self, reason: str | None, cause: Cause = "other") -> None:
        """Note that the run ended; `reason` is why it failed, None if it did not, and `cause` what that is about."""
        with self._lock:
            self._run.ended_at = now()
            self._run.cause = cause
            self._run.success = reason is None and all(step.state == "done" for step in self._run.steps)
            self._run.reason = reason or ("" if self._run.success else "The run ended before it was complete.")
            self._write()

    def discard(self) -> None:
        """Remove the note."""
        with suppress(OSError):
            self._path.unlink()

    def _step(self, name: str) -> StepProgress | None:
        return next((step for step in self._run.steps if step.step == name), None)

    def _write(self) -> None:
        self._written = time.monotonic()
        with suppress(OSError):
            write_note(self._path, json.dumps(self._run, default=_plain))
