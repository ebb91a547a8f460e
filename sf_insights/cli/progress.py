"""A run's progress on the terminal: a line per finished stage, then the current one."""

import sys
import time
from types import TracebackType
from typing import Any, Self, TextIO

from rich.console import Console
from rich.status import Status
from rich.text import Text

from sf_insights.cli.console import duplicated, one_line, terminal
from sf_insights.dagster_instance.run_news import News
from sf_insights.dagster_instance.step_words import STAGES, result_of

_WIDTH = max(len(title) for title, _ in STAGES.values()) + 2
_QUIET_SECONDS = 10.0


class RunProgress:
    """A context manager that shows a run's news: with a spinner on a terminal, as plain lines elsewhere."""

    def __init__(self) -> None:
        self._file: TextIO | None = None
        self._console: Console
        self._status: Status | None = None
        self._facts: dict[str, Any] = {}
        self._began = self._spoke = time.monotonic()

    def __enter__(self) -> Self:
        # A run captures standard output, so this writes to its file directly.
        self._file = duplicated(sys.stdout)
        self._console = terminal(self._file)
        if self._console.is_terminal:
            self._status = self._console.status(Text("starting"), spinner="dots")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
        if self._file is not None:
            self._file.close()

    def __call__(self, news: News) -> None:
        """Show one piece of news."""
        if news.step not in STAGES and news.kind != "warned":
            return  # an asset check is shown only when it warns
        title, doing = STAGES.get(news.step, ("Check", ""))
        match news.kind:
            case "began":
                self._facts, self._began = {}, time.monotonic()
                self._now(doing)
            case "said":
                self._now(f"{title}: {news.text}")
            case "warned":
                self._line("!", "yellow", title, news.text)
            case "made":
                self._facts |= news.facts
            case "ended":
                self._line("✓", "green", title, result_of(news.step, self._facts), time.monotonic() - self._began)
            case "failed":
                self._line("✗", "red", title, "failed")

    def _now(self, text: str) -> None:
        if self._status is not None:
            self._status.update(Text(one_line(text), overflow="ellipsis", no_wrap=True))
        elif time.monotonic() - self._spoke > _QUIET_SECONDS:
            self._print(Text(f"  … {one_line(text)}"))

    def _line(self, mark: str, style: str, title: str, text: str, seconds: float = 0) -> None:
        took = f" in {seconds:.0f} s" if seconds >= 2 else ""
        self._print(Text.assemble((f"  {mark} ", style), f"{title:<{_WIDTH}}{text}{took}"))

    def _print(self, text: Text) -> None:
        self._spoke = time.monotonic()
        self._console.print(text)
