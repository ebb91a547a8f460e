"""Wait for another process."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
MOST_SECONDS = 300


def wait_for(what: str, condition: Callable[[], Found | None]) -> Found:
    """Return what the condition finds; fail if it finds nothing for five minutes."""
    deadline = time.monotonic() + MOST_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {MOST_SECONDS} s for {what}"
        time.sleep(0.1)
    return found
