"""What DuckDB may use while it writes a warehouse."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sf_insights.domain.problems import ConfigurationProblem

MEMORY_VARIABLE = "SF_INSIGHTS_MEMORY_LIMIT"
THREADS_VARIABLE = "SF_INSIGHTS_THREADS"


@dataclass(frozen=True)
class DatabaseLimits:
    """The limits as written in the environment: `memory`, such as 800MB, and `threads`; None for all cores."""

    memory: str = "550MB"  # what does not fit goes to disk, next to the warehouse
    threads: str | None = None

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> DatabaseLimits:
        """Return the limits from SF_INSIGHTS_MEMORY_LIMIT and SF_INSIGHTS_THREADS."""
        return cls(variables.get(MEMORY_VARIABLE, cls.memory), variables.get(THREADS_VARIABLE))

    def as_options(self) -> dict[str, Any]:
        """Return the options for DuckDB.

        Raises:
            ConfigurationProblem: a limit is not a size or not a number of threads.
        """
        memory, threads = self.memory, self.threads
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)? ?[MG]i?B", memory):
            raise ConfigurationProblem(
                f"{MEMORY_VARIABLE} is {memory!r}, which is not a size.", "Write it as 800MB or 2GB."
            )
        if threads is not None and not re.fullmatch(r"[1-9][0-9]{0,3}", threads):
            raise ConfigurationProblem(
                f"{THREADS_VARIABLE} is {threads!r}, which is not a number of threads.", "Write it as 2."
            )
        return {"memory_limit": memory, **({"threads": threads} if threads else {})}


USUAL_LIMITS = DatabaseLimits()
