"""When the next outbound run starts: at full intervals of the day, in the administrator's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def slot_of(moment: datetime, interval: timedelta, zone: ZoneInfo) -> datetime:
    """Return the last start time that is due at a moment, in UTC.

    Start times are whole intervals after midnight on the clock of the zone: every two hours is 00:00, 02:00 and so on.
    The local clock counts, also on the days when the clocks change. In an hour that comes twice, intervals of up to an
    hour start twice, and longer ones once.
    """
    return _start(moment.astimezone(zone), interval, 0)


def next_slot(moment: datetime, interval: timedelta, zone: ZoneInfo) -> datetime:
    """Return the first start time after a moment, in UTC."""
    following = _start(moment.astimezone(zone), interval, 1)
    while (before := slot_of(following - timedelta(seconds=1), interval, zone)) > moment:
        following = before  # in an hour that comes twice
    return following


def is_due(moment: datetime, interval: timedelta, zone: ZoneInfo, last_start: datetime | None) -> bool:
    """Tell whether no run has started since the last start time, also if that passed while no daemon ran."""
    return last_start is None or last_start < slot_of(moment, interval, zone)


def _start(local: datetime, interval: timedelta, later: int) -> datetime:
    """Return the start time of the interval that a local time is in, or of one that many intervals later."""
    passed = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    days, since_midnight = divmod(interval * (passed // interval + later), timedelta(days=1))
    fold = local.fold if interval <= timedelta(hours=1) else 0
    midnight = datetime.combine(local.date() + timedelta(days=days), time(), local.tzinfo)
    return (midnight + since_midnight).replace(fold=fold).astimezone(UTC)
