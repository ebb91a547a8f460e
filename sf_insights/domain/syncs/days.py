"""The day of a sync: what is read is dated by the day on which the sync runs, in the configured time zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sf_insights.domain.problems import WarehouseUnusable


def day_to_sync(today: date, last: date | None, today_where_last: Iterable[date]) -> date:
    """The day that a sync which begins now is of.

    It is today, unless the time zone was moved westwards since the last day was synced, so that this day is yet to come
    here. Then the sync is another run of the last day: a day never goes back, what is read is the newest there is, and
    when the day comes here its own sync replaces it, since the last complete run of a day wins.

    Args:
        today: the day in the time zone that is configured now.
        last: the last day that was synced completely, None before the first one.
        today_where_last: the day now in each time zone under which syncs of the last day ran.

    Raises:
        WarehouseProblem: the last day is yet to come in those time zones too, so a wrong clock synced it.
    """
    if last is None or today >= last:
        return today
    if any(day >= last for day in today_where_last):
        return last
    raise WarehouseUnusable(
        f"{today} cannot be synced any more: {last} already is, and Salesforce keeps no history to fill a day from.",
        f"Sync today instead. If {last} is yet to come, a wrong clock synced it: correct the clock, and bring back "
        "a backup from before with `sf-insights restore`.",
    )
