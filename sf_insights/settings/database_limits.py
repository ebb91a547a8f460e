"""What DuckDB may use while it writes a warehouse."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sf_insights.domain.problems import ConfigurationProblem

MEMORY_VARIABLE = "SF_INSIGHTS_MEMORY_LIMIT"
THREADS_VARIABLE = "SF_INSIGHTS_THREADS"

_MB = 1_000_000
# With 300 MB, a sync of a million accounts (a file of 400 MB) by two threads takes no longer; three million need nearly
# the most. Each thread holds a part of every column that it writes.
_OF_A_THREAD, _LEAST, _MOST = 150, 300, 550
_DATA_OF_LEAST = 420 * _MB
_MEMORY_OF_MORE_DATA = 1 / 3


@dataclass(frozen=True)
class DatabaseLimits:
    """The limits as written in the environment: `memory`, such as 800MB, and `threads`; None if they are not set.

    What does not fit into the memory goes to disk, next to the warehouse.
    """

    memory: str | None = None
    threads: str | None = None

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> DatabaseLimits:
        """Return the limits from SF_INSIGHTS_MEMORY_LIMIT and SF_INSIGHTS_THREADS."""
        return cls(variables.get(MEMORY_VARIABLE), variables.get(THREADS_VARIABLE))

    def memory_for(self, data: int | None = None) -> str:
        """Return how much memory DuckDB may use for so many bytes of data: unless it is set, 300 to 550 MB.

        The more data, the more time a small limit costs. Without `data`, return the most.
        """
        if self.memory is not None:
            return self.memory
        threads = int(self.threads) if self.threads and self.threads.isdecimal() else os.cpu_count() or 1
        more = _MOST if data is None else max(0, data - _DATA_OF_LEAST) * _MEMORY_OF_MORE_DATA / _MB
        return f"{min(_MOST, round(max(_LEAST, threads * _OF_A_THREAD) + more))}MB"

    def as_options(self, data: int | None = None) -> dict[str, Any]:
        """Return the options for DuckDB, to work with so many bytes of data.

        Raises:
            ConfigurationProblem: a limit is not a size or not a number of threads.
        """
        memory, threads = self.memory_for(data), self.threads
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
