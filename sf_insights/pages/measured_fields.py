"""The custom fields to create for the mapped columns; each snapshot and mapping is measured once."""

from __future__ import annotations

import threading

from sf_insights.domain.outbound.custom_fields import CustomField
from sf_insights.domain.outbound.settings import OutboundSync
from sf_insights.domain.problems import Problem
from sf_insights.outbound.reports.custom_fields import custom_fields
from sf_insights.settings.environment import Places

_SECONDS = 20.0  # a page does not wait longer for a SELECT


class MeasuredFields:
    """Measures columns only if the snapshot or the mapping is new."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._key: tuple[int, int, str] | None = None
        self._kept: tuple[dict[str, CustomField], Problem | None] = {}, None

    def get(self, outbound: OutboundSync, select: str | None) -> tuple[dict[str, CustomField], Problem | None]:
        """Return the fields by the API name of the target; none before the first sync, and why if it fails."""
        with self._lock:
            try:
                stat = self._places.snapshot.stat()
            except FileNotFoundError:
                return {}, None
            key = (stat.st_ino, stat.st_mtime_ns, outbound.fingerprint(select))
            if key != self._key:
                self._kept = self._measured(outbound)
                self._key = key
            return self._kept

    def _measured(self, outbound: OutboundSync) -> tuple[dict[str, CustomField], Problem | None]:
        try:
            found = custom_fields(outbound, self._places, only_mapped=True, seconds=_SECONDS)
        except Problem as problem:
            return {}, problem
        return {field.api_name: field for field in found}, None
