"""The test of the connections: the findings of `check`, one after the other, in the background."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from sf_insights.checking.finding import Finding, failed
from sf_insights.checking.findings import examine
from sf_insights.domain.problems import Problem
from sf_insights.system.clock import now

logger = logging.getLogger(__name__)


@dataclass
class Test:
    """One test: what it found so far. `ended_at` is None while it runs."""

    began_at: datetime
    findings: list[Finding] = field(default_factory=list)
    ended_at: datetime | None = None

    @property
    def is_running(self) -> bool:
        return self.ended_at is None

    @property
    def groups(self) -> list[tuple[str, list[Finding]]]:
        """The findings by what they are about, in the order of the test."""
        return [(group, list(members)) for group, members in groupby(list(self.findings), lambda one: one.group)]

    def count(self, state: str) -> int:
        """Return how many findings have this state: ok, warning or failed."""
        return sum(finding.state == state for finding in self.findings)


class ConnectionTest:
    """Runs one test at a time and keeps the last one."""

    def __init__(self, variables: Callable[[], Mapping[str, str]]) -> None:
        self._variables = variables
        self._lock = threading.Lock()
        self.last: Test | None = None

    def start(self) -> None:
        """Start a test, unless one is running."""
        with self._lock:
            if self.last is not None and self.last.is_running:
                return
            self.last = test = Test(now())
            threading.Thread(target=self._run, args=(test,), daemon=True).start()

    def _run(self, test: Test) -> None:
        try:
            for finding in examine(self._variables()):
                test.findings.append(finding)
        except Problem as problem:
            test.findings.append(failed("Settings", "Home", problem))
        except Exception:
            logger.exception("the test of the connections failed")
            test.findings.append(failed("Settings", "Test", Problem("The test ended unexpectedly.", "Test again.")))
        finally:
            test.ended_at = now()
