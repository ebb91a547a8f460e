"""`make soak` runs every test with every case; `make test` runs a part of the sweeps.

A test marked `soak` shows in another way, at length, what quicker tests show; only `make soak` runs it.
"""

import os
from collections.abc import Iterable
from typing import TypeVar

Case = TypeVar("Case")
IS_SOAK = bool(os.environ.get("SF_INSIGHTS_SOAK"))


def some(cases: Iterable[Case], number: int) -> list[Case]:
    """Return all cases in `make soak`, otherwise the first `number`: put those that tell most in front."""
    return list(cases) if IS_SOAK else list(cases)[:number]
