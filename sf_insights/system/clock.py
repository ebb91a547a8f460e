"""The clock of every stamp."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment in UTC: the clock of every stamp."""
    return datetime.now(UTC)
