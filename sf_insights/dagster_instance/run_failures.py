"""The failures of a run. They are reported when the run ends, since a retry may succeed until then."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from sf_insights.dagster_instance.recorded_runs import check_that_blocked
from sf_insights.domain.problems import ConfigurationProblem, ConnectionProblem, GuardRefusal, LabelProblem

if TYPE_CHECKING:  # importing dagster takes a second; commands that only read do without it
    import dagster as dg

# What a person has to look at.
Cause = Literal["guard", "connection", "labels", "settings", "other"]

logger = logging.getLogger(__name__)


class RunFailures:
    """The failures of one run. `is_sync` is False for a run that only publishes labels or runs checks."""

    def __init__(self) -> None:
        self.is_sync = False
        self._is_stopped = False
        self._by_step: dict[str, str] = {}
        self._causes: dict[str, Cause] = {}

    @contextmanager
    def watching(
        self, step: str, stopped: tuple[type[BaseException], ...], reason: Callable[[BaseException], str]
    ) -> Iterator[None]:
        """Record the failure of a step, and delete the record if a retry succeeds.

        Args:
            step: the step's name.
            stopped: the exceptions that are raised when a person stops the run.
            reason: returns what people should read about an error.
        """
        try:
            yield
        except stopped as error:
            self._is_stopped = True
            self._by_step[step] = reason(error)
            raise
        except Exception as error:
            self._by_step[step] = reason(error)
            self._causes[step] = _cause_of(error)
            raise
        self._by_step.pop(step, None)

    def blocked(self, instance: dg.DagsterInstance | None, run_id: str) -> str | None:
        """Record and return a sentence about the check that stopped the sync, which fails no step; None if none did."""
        if not self.is_sync or instance is None:
            return None
        try:
            reason = check_that_blocked(instance, run_id)
        except Exception as error:  # Dagster's records may be broken
            logger.warning("Whether a check stopped run %s is unknown: %s", run_id, error)
            return None
        if reason:
            self._by_step["check"] = reason
        return reason

    @property
    def reason(self) -> str | None:
        """Why a step failed or was stopped; None if none did."""
        return next(iter(self._by_step.values()), None)

    @property
    def cause(self) -> Cause:
        """What the reason is about."""
        return self._causes.get(next(iter(self._by_step), ""), "other")

    @property
    def to_tell(self) -> str | None:
        """Why a sync failed; None if nobody needs an alert, as when a person stopped it or only published labels."""
        if not self.is_sync or self._is_stopped:
            return None
        return next(iter(self._by_step.values()), None)


def _cause_of(error: BaseException) -> Cause:
    match error:
        case GuardRefusal():
            return "guard"
        case ConnectionProblem():
            return "connection"
        case LabelProblem():
            return "labels"
        case ConfigurationProblem():
            return "settings"
        case _:
            return "other"
