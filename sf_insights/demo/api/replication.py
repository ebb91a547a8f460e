"""Accounts deleted or updated within a time window, for clients that replicate changes."""

import datetime

from sf_insights.demo.api.metadata import object_of
from sf_insights.demo.running.org import Org
from sf_insights.demo.web.errors import ApiError
from sf_insights.demo.web.requests import Answer, ApiRequest

_DELETED_DAYS = 15
_UPDATED_DAYS = 30


def _window(org: Org, request: ApiRequest, days: int) -> tuple[str, str]:
    moments = []
    for name in ("start", "end"):
        text = request.query.get(name, "").replace("Z", "+00:00").replace(" ", "+")
        try:
            moment = datetime.datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise ValueError(text)
        except ValueError:
            raise ApiError(400, "MALFORMED_ID" if not text else "INVALID_REPLICATION_DATE", f"{name}: {text}") from None
        moments.append(moment.astimezone(datetime.UTC).replace(second=0, microsecond=0))
    start, end = moments
    if end - start < datetime.timedelta(minutes=1):
        raise ApiError(400, "INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than startDate")
    if start < org.store.now() - datetime.timedelta(days=days):
        raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate before org's replication window")
    return tuple(moment.strftime("%Y-%m-%dT%H:%M:%S.000Z") for moment in moments)  # type: ignore[return-value]


def _covered(org: Org, end: str) -> str:
    return min(end, org.store.stamp()).replace("Z", "+0000")


def deleted(org: Org, request: ApiRequest) -> Answer:
    """GET /sobjects/Account/deleted?start=&end=: ids moved to the recycle bin, or purged from it."""
    with org.lock:
        object_of(org, request)
        start, end = _window(org, request, _DELETED_DAYS)
        earliest = (org.store.now() - datetime.timedelta(days=_DELETED_DAYS)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        if org.settings.replication_log_purged:
            raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate is before earliestDateAvailable")
        rows = org.store.connection.execute(
            "SELECT Id, SystemModstamp FROM account WHERE IsDeleted = 'true' AND SystemModstamp >= :start"
            " AND SystemModstamp < :end UNION ALL SELECT Id, deleted_date FROM purged WHERE deleted_date >= :start"
            " AND deleted_date < :end ORDER BY 2, 1",
            {"start": start, "end": end},
        ).fetchall()
        covered = _covered(org, end)
    records = [{"deletedDate": stamp.replace("Z", "+0000"), "id": id_} for id_, stamp in rows]
    return Answer({"deletedRecords": records, "earliestDateAvailable": earliest, "latestDateCovered": covered})


def updated(org: Org, request: ApiRequest) -> Answer:
    """GET /sobjects/Account/updated?start=&end=: ids of live accounts with a SystemModstamp in the window."""
    with org.lock:
        object_of(org, request)
        start, end = _window(org, request, _UPDATED_DAYS)
        rows = org.store.connection.execute(
            "SELECT Id FROM account WHERE IsDeleted = 'false' AND SystemModstamp >= ? AND SystemModstamp < ?"
            " ORDER BY position",
            (start, end),
        ).fetchall()
        covered = _covered(org, end)
    return Answer({"ids": [id_ for (id_,) in rows], "latestDateCovered": covered})
