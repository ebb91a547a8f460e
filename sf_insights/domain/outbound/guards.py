"""When an outbound run must not go on without a person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sf_insights.domain.outbound.settings import OutboundGuards
from sf_insights.domain.problems import GuardRefusal

GUARDS = ("changed", "cleared", "rejected", "age", "org", "calls", "source", "stored")
FREE_RECORDS = 50  # so few records may all change
QUOTA_SHARE = 0.8  # of the org's daily calls, for all programs


@dataclass(frozen=True)
class Amounts:
    """What a run is about to do, in records. `managed` ones hold values from us, `left` ones lost their account."""

    managed: int
    changed: int
    cleared: int
    left: int
    calls: int


def check_amounts(guards: OutboundGuards, max_left: float, amounts: Amounts, accepted: Collection[str]) -> None:
    """Refuse a run that changes, clears or loses more than the guards allow.

    Raises:
        GuardRefusal: says the numbers, the limit, and how to accept them.
    """
    managed = max(amounts.managed, 1)
    checks = (
        ("changed", amounts.changed, guards.max_changed, "would be changed", "max_changed"),
        ("cleared", amounts.cleared, guards.max_cleared, "would lose a value", "max_cleared"),
        ("source", amounts.left, max_left, "have no account any more", "max_row_drop"),
    )
    for name, count, limit, what, setting in checks:
        if name not in accepted and count > FREE_RECORDS and count > limit * managed:
            raise GuardRefusal(
                f"{count} of {amounts.managed} records {what}, which is more than {setting} ({limit:.0%}).",
                f"See `sf-insights outbound preview`; `sf-insights outbound send --accept {name}` lets one run pass.",
            )
    if "calls" not in accepted and amounts.calls > guards.max_api_calls:
        raise GuardRefusal(
            f"The run needs about {amounts.calls} API calls, more than max_api_calls ({guards.max_api_calls}).",
            "Raise the limit, or let one run pass with `sf-insights outbound send --accept calls`.",
        )


def check_age(guards: OutboundGuards, published_at: datetime, moment: datetime, accepted: Collection[str]) -> None:
    """Refuse values that are too old to be sent.

    Raises:
        GuardRefusal: the snapshot is older than max_snapshot_age.
    """
    if "age" not in accepted and moment - published_at > guards.oldest_snapshot:
        hours = (moment - published_at).total_seconds() / 3600
        raise GuardRefusal(
            f"The published snapshot is {hours:.0f} hours old, which is more than max_snapshot_age"
            f" ({guards.max_snapshot_age}).",
            "Run `sf-insights sync`; `sf-insights outbound send --accept age` sends the old values once.",
        )


def check_quota(usage: tuple[int, int] | None, calls: int, accepted: Collection[str]) -> None:
    """Leave a fifth of the org's daily API calls to other programs.

    Raises:
        GuardRefusal: the run would take the org above 80 % of its calls.
    """
    if usage is None or "calls" in accepted:
        return
    used, allowed = usage
    if used + calls > QUOTA_SHARE * allowed:
        raise GuardRefusal(
            f"The org has used {used} of its {allowed} API calls in 24 hours, and the run needs about {calls}.",
            "The next run tries again; `sf-insights outbound send --accept calls` sends now.",
        )
