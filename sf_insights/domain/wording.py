"""Format counts and times for the terminal and the pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


def counted(count: int, one: str, many: str | None = None) -> str:
    """Format a count with its noun: 1 account, 2 accounts."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def are_missing(names: Sequence[str]) -> str:
    """Format names with the right verb: A is missing, A and B are missing, A, B and C are missing."""
    *others, last = names
    return f"{', '.join(others)} and {last} are missing" if others else f"{last} is missing"


def name_of_source(source: str) -> str:
    """Format where the Insights accounts come from: Zuora, or the name of a file."""
    return "Zuora" if source == "zuora" else source


def since(moment: datetime, now: datetime) -> str:
    """Format the time from now to a moment: 2 days ago, in 5 hours."""
    seconds = (now - moment).total_seconds()
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(abs(seconds) // length)
        if count >= (2 if unit == "day" else 1):
            text = counted(count, unit)
            return f"{text} ago" if seconds > 0 else f"in {text}"
    return "just now" if seconds > 0 else "in less than a minute"


def remaining(seconds: float) -> str:
    """Format a remaining time: 40 s, 5 min, 2 h 10 min."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
