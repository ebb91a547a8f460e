"""How much of the org's API calls a sync may find used: it shares them with everybody else's integrations."""

from __future__ import annotations

from sf_insights.domain.problems import ConnectionProblem

_START_BELOW = 0.8


def is_nearly_used(used: int, allowed: int) -> bool:
    """Whether a sync would be refused to start."""
    return bool(allowed) and used > allowed * _START_BELOW


def refuse_start(used: int, allowed: int) -> None:
    """Refuse to begin when too many of the last 24 hours' calls are used.

    Raises:
        ConnectionProblem: more than 80 % are.
    """
    if is_nearly_used(used, allowed):
        raise ConnectionProblem(
            f"Stopped for quota: {used:,} of the org's {allowed:,} API calls of the last 24 hours are used.",
            f"A sync starts below {_START_BELOW:.0%}, so that others are not left without. Run again later, find out "
            "what uses them (Setup, System Overview), or buy more calls; nothing was changed.",
        )
