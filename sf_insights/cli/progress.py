"""A run's progress on the terminal: a line per finished stage, then the current one."""

import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TextIO

from rich.console import Console
from rich.status import Status
from rich.text import Text

from sf_insights.cli.console import duplicated, one_line, terminal
from sf_insights.domain.wording import counted
from sf_insights.runs import News

# Title of each step's line, and what is shown while it runs.
_STAGES = {
    "salesforce__account_fields": ("Account fields", "asking Salesforce which fields Account has"),
    "salesforce__selected_fields": ("Selection", "planning what to do with each selected field"),
    "insights__field_labels": ("Labels", "giving labels to new fields"),
    "salesforce__raw_accounts": ("Salesforce", "reading every Account"),
    "zuora__accounts": ("Insights accounts", "reading the list of Insights accounts"),
    "insights__matched_accounts": ("Matching", "matching accounts by CRM Account ID"),
    "insights_model": ("Attributes, metrics", "updating attributes and metrics"),
    "insights__published_snapshot": ("Published", "publishing the snapshot for analysts"),
    "outbound__desired_values": ("Values", "working out what each record should hold"),
    "outbound__differences": ("Comparison", "comparing with what Salesforce holds"),
    "outbound__sent_values": ("To Salesforce", "writing what differs"),
    "outbound__published_outbound": ("Recorded", "publishing what was sent"),
}
_WIDTH = max(len(title) for title, _ in _STAGES.values()) + 2
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
        if news.step not in _STAGES and news.kind != "warned":
            return  # an asset check is shown only when it warns
        title, doing = _STAGES.get(news.step, ("Check", ""))
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
                self._line("✓", "green", title, _result_of(news.step, self._facts), time.monotonic() - self._began)
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


def _result_of(step: str, facts: Mapping[str, Any]) -> str:
    """Return a short result of a finished step; empty if it reported none."""
    rows = int(facts.get("dagster/row_count") or 0)
    match step:
        case "salesforce__account_fields":
            return f"{rows} in the org"
        case "salesforce__selected_fields":
            paused = f", {facts['paused']} paused" if facts.get("paused") else ""
            parts = counted(facts["attributes"], "attribute"), counted(facts["metrics"], "metric")
            return f"{' and '.join(parts)}{paused}"
        case "insights__field_labels":
            return f"{facts['labels_of_selected_fields']}, {facts['default_labels']} of them still default"
        case "salesforce__raw_accounts":
            through = "the Bulk API" if facts.get("read_by") == "bulk" else "the REST API"
            deleted = facts["records_read"] - facts["live_accounts"]
            also = f", and {counted(deleted, 'deleted one')}" if deleted else ""
            return f"{counted(facts['live_accounts'], 'Account')} through {through}{also}"
        case "zuora__accounts":
            return f"{counted(rows, 'account')} from {facts['source']}"
        case "insights__matched_accounts":
            return f"{facts['matched']:,} of {rows:,} accounts"
        case "insights_model":
            accounts = counted(facts["accounts_changed"], "account")
            return f"{counted(facts['values_changed'], 'value')} changed in {accounts}"
        case "insights__published_snapshot":
            return f"{facts['bytes'] / 1e6:,.1f} MB"
        case "outbound__desired_values":
            return counted(facts["records"], "record")
        case "outbound__differences":
            return f"{facts['records_compared']:,} compared with Salesforce, {facts['records_to_write']:,} differ"
        case "outbound__sent_values":
            refused = f", {facts['records_rejected']:,} refused" if facts["records_rejected"] else ""
            return f"{counted(facts['records_written'], 'record')} written{refused}"
        case _:
            return "done"
