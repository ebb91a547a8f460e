"""The patience of a run: one time limit for all its waits for unavailable servers, over all threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from sf_insights.system.clock import now
from sf_insights.system.waiting import Waiting


class Patience:
    """How long a run may wait for unavailable servers, in total.

    The clock runs only while at least one call is failing.
    """

    def __init__(self, seconds: float, tell: Callable[[Waiting | None], None] = lambda _: None) -> None:
        """`tell` is called with what the run waits for when that changes, and with None when the wait is over.

        It is called from the waiting thread, and never from two threads at once.
        """
        self._left = seconds
        self._tell = tell
        self._lock = threading.Lock()
        self._troubled: set[object] = set()
        self._began = 0.0
        self._waiting: Waiting | None = None

    def note_failure(self, call: object, what: str) -> float:
        """Note that a call failed, and return for how many more seconds it may be repeated."""
        with self._lock:
            if not self._troubled:
                self._began = time.monotonic()
            self._troubled.add(call)
            left = self._left - (time.monotonic() - self._began)
            if left > 0 and (self._waiting is None or self._waiting.what != what):
                moment = now()
                since = self._waiting.since if self._waiting else moment
                self._waiting = Waiting(what, since, moment + timedelta(seconds=left))
                self._tell(self._waiting)
            return left

    def note_end(self, call: object) -> None:
        """Note that a call has ended, successfully or not. Calls that never failed need not report their end."""
        with self._lock:
            if call not in self._troubled:
                return
            self._troubled.remove(call)
            if not self._troubled:
                self._left -= time.monotonic() - self._began
                was_told, self._waiting = self._waiting is not None, None
                if was_told:
                    self._tell(None)
