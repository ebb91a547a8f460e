"""Wait for another process."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
MOST_SECONDS = 300


def wait_for(what: str, condition: Callable[[], Found | None]) -> Found:
    """Return what the condition finds, and fail after five minutes without it."""
    deadline = time.monotonic() + MOST_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.2)
    return found
