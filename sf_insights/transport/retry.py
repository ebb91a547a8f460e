"""Retry temporary failures, and turn them into problems when they last."""

import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from sf_insights.domain.problems import ConnectionProblem, Problem
from sf_insights.domain.wording import remaining
from sf_insights.system.signals import pause
from sf_insights.transport.patience import Patience

T = TypeVar("T")


class TemporaryFailure(Exception):
    """A failure that may be gone at the next try.

    `wait` is how many seconds the server asks to wait, if it says so. `may_be_done` is false when the request was
    certainly not carried out. `remedy` is what a person can do if the failure lasts. `most_tries` limits the tries for
    failures that are likely to last; None leaves the limit to the policy.
    """

    most_tries: ClassVar[int | None] = None

    def __init__(
        self, what: str, *, wait: float | None = None, may_be_done: bool = True, remedy: str = "Try again later."
    ) -> None:
        super().__init__(what)
        self.remedy = remedy
        self.wait = wait
        self.may_be_done = may_be_done

    def lasting(self, tried: str) -> Problem:
        """Return the problem to raise when the last try failed too; `tried` describes the tries."""
        return ConnectionProblem(f"{self} ({tried}).", self.remedy)


class DoubtfulAnswer(TemporaryFailure):
    """A refusal that the server may repeat every time, so it is retried only a few times."""

    most_tries = 5


class OutcomeUnknown(ConnectionProblem):
    """A request that must not be sent twice failed with `trouble`, and may have been carried out."""

    def __init__(self, trouble: TemporaryFailure) -> None:
        super().__init__(f"{trouble}; it is unknown whether the request was carried out.")
        self.trouble = trouble


@dataclass(frozen=True)
class RetryPolicy:
    """When to retry a temporary failure: after waits in seconds that double, with jitter.

    Retries end after `tries` tries in total or, for a run with `patience`, when that is used up.
    """

    tries: int = 5
    first_wait: float = 1.0
    longest_wait: float = 60.0
    patience: Patience | None = None

    def run(
        self, call: Callable[[], T], *, repeat_when_unsure: bool = True, stopped: threading.Event | None = None
    ) -> T:
        """Return what `call` returns; repeat it after each TemporaryFailure.

        With `repeat_when_unsure` false, a call that may have been carried out is not repeated. `stopped` ends the
        wait between two tries; without `stopped`, a signal to stop ends it.

        Raises:
            OutcomeUnknown: it is unknown whether the call was carried out.
            Problem: the last try failed too. See TemporaryFailure.lasting for the kind of problem.
        """
        began, me = time.monotonic(), object()
        tries: Counter[type[TemporaryFailure]] = Counter()
        try:
            while True:
                try:
                    return call()
                except TemporaryFailure as met:
                    trouble = met
                # Outside the except block, so that `pause` obeys a signal to stop at once.
                if trouble.may_be_done and not repeat_when_unsure:
                    raise OutcomeUnknown(trouble)
                tries[type(trouble)] += 1
                seconds = self._wait(trouble, tries.total())
                left = self.patience.note_failure(me, str(trouble)) if self.patience else math.inf
                if self._is_over(trouble, tries, left) or (stopped is not None and stopped.is_set()):
                    raise trouble.lasting(self._tried(tries.total(), time.monotonic() - began))
                if stopped is None:
                    pause(min(seconds, left))
                elif stopped.wait(min(seconds, left)):
                    raise trouble.lasting(self._tried(tries.total(), time.monotonic() - began))
        finally:
            if self.patience:
                self.patience.note_end(me)

    def _is_over(self, trouble: TemporaryFailure, tries: Counter[type[TemporaryFailure]], left: float) -> bool:
        most = trouble.most_tries
        if most is not None and tries[type(trouble)] >= most:
            return True
        return left <= 0 if self.patience else tries.total() >= self.tries

    def _tried(self, tries: int, seconds: float) -> str:
        return f"tries: {tries}" + (f" in {remaining(seconds)}" if self.patience else "")

    def _wait(self, trouble: TemporaryFailure, tries: int) -> float:
        """Return the seconds to wait: what the server asks for, but at least the doubled wait of the policy."""
        doubled = min(self.first_wait * 2.0 ** min(tries - 1, 30), self.longest_wait)
        asked = trouble.wait or 0.0
        if self.patience is None:
            asked = min(asked, self.longest_wait)
        return max(asked, doubled * random.uniform(0.5, 1.0))  # noqa: S311


# For a person who waits at a terminal or a page, and for requests that a sync can do without.
ONCE_MORE = RetryPolicy(tries=2, first_wait=0.5, longest_wait=5.0)
