"""Refuse to start a sync when the org's API calls are nearly used up; other integrations need them too."""

from __future__ import annotations

from sf_insights.domain.problems import ConnectionProblem

_START_BELOW = 0.8


def is_nearly_used(used: int, allowed: int) -> bool:
    """Tell whether too many calls are used for a sync to start."""
    return bool(allowed) and used > allowed * _START_BELOW


def refuse_start(used: int, allowed: int) -> None:
    """Refuse to start when too many of the last 24 hours' calls are used.

    Raises:
        ConnectionProblem: more than 80 % are used.
    """
    if is_nearly_used(used, allowed):
        raise ConnectionProblem(
            f"Stopped for quota: {used:,} of the org's {allowed:,} API calls of the last 24 hours are used.",
            f"A sync starts only below {_START_BELOW:.0%}, to leave calls for other integrations. Run again later, "
            "find out what uses them (Setup, System Overview), or buy more calls; nothing was changed.",
        )
