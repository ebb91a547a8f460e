"""The day of a sync: the day on which it runs, in the configured time zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sf_insights.domain.problems import WarehouseUnusable


def day_to_sync(today: date, last: date | None, today_where_last: Iterable[date]) -> date:
    """Return the day of a sync that begins now.

    Normally this is today. If the time zone was changed to one further west, the last synced day may still be in the
    future there. Then the sync repeats that last day, since days never go back. When that day arrives here, its own
    sync replaces it: the last complete run of a day wins.

    Args:
        today: the day in the time zone that is configured now.
        last: the last day with a complete sync, None before the first.
        today_where_last: the day now in each time zone in which syncs of the last day ran.

    Raises:
        WarehouseUnusable: the last day is in the future in those time zones too, so a wrong clock synced it.
    """
    if last is None or today >= last:
        return today
    if any(day >= last for day in today_where_last):
        return last
    raise WarehouseUnusable(
        f"{today} cannot be synced: syncs only go forward, and {last} is already synced.",
        f"If {last} is in the future, a wrong clock synced it: correct the clock, and restore an earlier backup with "
        "`sf-insights restore`. If it is not, this machine's clock is behind: correct it.",
    )
