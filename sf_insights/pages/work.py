"""Work that takes longer than a request: a sync, a republication, a run to Salesforce; one at a time, as a process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sf_insights.runs import RETRY_FOR_A_PERSON
from sf_insights.settings.home import HOME_VARIABLE, ORG_VARIABLE
from sf_insights.system.clock import now

_COMMAND = (sys.executable, "-c", "from sf_insights.cli import main; main(prog_name='sf-insights')")
SYNC = (*_COMMAND, "sync", "--retry-for", RETRY_FOR_A_PERSON)
PREVIEW = (*_COMMAND, "outbound", "preview")
BACKFILL = (*_COMMAND, "backfill")
SEND = (*_COMMAND, "outbound", "send")
REPUBLISH = (sys.executable, "-m", "sf_insights.pages.republishing")
_STOP_SECONDS = 24.0
_MOST_LINES = 400
_ADVICE = "Next"


@dataclass
class Work:
    """One child process and its output so far; `back` has the title and address of the page that started it."""

    title: str
    began_at: datetime
    back: tuple[str, str] | None = None
    lines: list[str] = field(default_factory=list)
    exit_code: int | None = None
    ended_at: datetime | None = None
    outcome: str = ""

    @property
    def shown(self) -> list[str]:
        """Its output without the next steps, which are for a terminal."""
        end = self.lines.index(_ADVICE) if _ADVICE in self.lines else len(self.lines)
        return self.lines[:end]

    @property
    def is_running(self) -> bool:
        return self.exit_code is None


class Worker:
    """Starts work, reads its output, and stops it when the pages stop."""

    def __init__(self, variables: Callable[[], Mapping[str, str]]) -> None:
        """Prepare; `variables` returns those of the home that the work is about."""
        self._variables = variables
        self._lock = threading.RLock()  # reentrant: the holder of `reserved` may start work
        self._process: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None
        self.last: Work | None = None

    @property
    def is_busy(self) -> bool:
        return self.last is not None and self.last.is_running

    @contextmanager
    def reserved(self) -> Iterator[bool]:
        """Keep others from starting work until the block ends; yield whether nothing is running now."""
        with self._lock:
            yield not self.is_busy

    def start(
        self,
        title: str,
        command: Sequence[str],
        on_end: Callable[[int], str] | None = None,
        *,
        back: tuple[str, str] | None = None,
    ) -> Work | None:
        """Start a command with the home's environment; return None if the last one is still running.

        Args:
            title: shown to people.
            command: the program and its arguments.
            on_end: turns the exit code into a sentence for people.
            back: the title and address of the page to return to, if it is not the health of the syncs.
        """
        with self._lock:
            if self.is_busy:
                return None
            # In its own session, Ctrl-C in the terminal of the pages reaches it only through `stop`.
            self._process = process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                env={
                    **self._environment(),
                    "NO_COLOR": "1",
                    "COLUMNS": "100",
                    "PYTHONUTF8": "1",
                    "PYTHONUNBUFFERED": "1",
                },
                start_new_session=True,
            )
            self.last = work = Work(title, now(), back)
            self._listener = threading.Thread(target=_listen, args=(process, work, on_end), daemon=True)
            self._listener.start()
            return work

    def _environment(self) -> dict[str, str]:
        """Return this process's environment, with the home that the work is about."""
        own = {name: value for name, value in os.environ.items() if name != ORG_VARIABLE}
        home = self._variables().get(HOME_VARIABLE)
        return {**own, HOME_VARIABLE: home} if home else own

    def stop(self) -> None:
        """Stop the running work and wait for it to end; a stopped sync publishes nothing."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        if self._listener is not None:
            self._listener.join(_STOP_SECONDS)


def _listen(process: subprocess.Popen[str], work: Work, on_end: Callable[[int], str] | None) -> None:
    with process:
        for line in process.stdout or ():
            work.lines.append(line.rstrip())
            del work.lines[:-_MOST_LINES]
    try:
        if on_end is not None:
            work.outcome = on_end(process.returncode)
    finally:
        work.ended_at = now()
        work.exit_code = process.returncode
