"""What went wrong in a run, for those who are told when it ends: until then a retry may still succeed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sf_insights.dagster_instance.recorded_runs import check_that_blocked

if TYPE_CHECKING:  # importing dagster takes a second, which commands that only read need not wait for
    import dagster as dg

logger = logging.getLogger(__name__)


class RunFailures:
    """The failures of one run. `is_sync` says whether it does a stage of a sync, and not labels or checks alone."""

    def __init__(self) -> None:
        self.is_sync = False
        self._is_stopped = False
        self._by_step: dict[str, str] = {}

    @contextmanager
    def watching(
        self, step: str, stopped: tuple[type[BaseException], ...], reason: Callable[[BaseException], str]
    ) -> Iterator[None]:
        """Note what a step fails with, and forget what it failed with once it succeeds.

        Args:
            step: the step's name.
            stopped: what is raised when a person stops the run.
            reason: what people read of an error.
        """
        try:
            yield
        except stopped:
            self._is_stopped = True
            raise
        except Exception as error:
            self._by_step[step] = reason(error)
            raise
        self._by_step.pop(step, None)

    def blocked(self, instance: dg.DagsterInstance | None, run_id: str) -> str | None:
        """Note and return which check stopped the sync, which fails no asset; None when none did."""
        if not self.is_sync or instance is None:
            return None
        try:
            reason = check_that_blocked(instance, run_id)
        except Exception as error:  # Dagster's records may be what is broken
            logger.warning("Whether a check stopped run %s is unknown: %s", run_id, error)
            return None
        if reason:
            self._by_step["check"] = reason
        return reason

    @property
    def to_tell(self) -> str | None:
        """Why a sync failed. A person who stopped it, or who publishes labels, knows without being told."""
        if not self.is_sync or self._is_stopped:
            return None
        return next(iter(self._by_step.values()), None)
