"""When the next outbound run is due, and what a run costs."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_slot(moment: datetime, interval: timedelta, zone: ZoneInfo) -> datetime:
    """Return the first start time after a moment, in UTC: whole intervals after midnight on the clock of the zone."""
    local = moment.astimezone(zone)
    midnight = datetime.combine(local.date(), time(), zone)
    passed = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    following = interval * (passed // interval + 1)
    if following >= timedelta(days=1):
        midnight = datetime.combine(local.date() + timedelta(days=1), time(), zone)
        following = timedelta()
    return (midnight + following).astimezone(UTC)


_MOST_BY_COLLECTIONS = 2000
_RECORDS_PER_CALL = 200
_RECORDS_PER_JOB, _CALLS_PER_JOB = 50_000, 14


def calls_to_write(records: int) -> int:
    """Return about how many API calls it takes to write so many records: Collections for few, Bulk jobs for many."""
    if records <= _MOST_BY_COLLECTIONS:
        return -(-records // _RECORDS_PER_CALL)
    return _CALLS_PER_JOB * -(-records // _RECORDS_PER_JOB)
