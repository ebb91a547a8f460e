"""The fields of the published snapshot, with sample values; each snapshot is read once."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sf_insights.domain.fields.appearance import Appearance
from sf_insights.domain.fields.lifecycle import FieldState
from sf_insights.pages.org_catalog import Sample
from sf_insights.settings.environment import Places
from sf_insights.sql import identifier
from sf_insights.warehouse.fields.published_fields import PublishedFields, fields_in
from sf_insights.warehouse.reading import reading_snapshot
from sf_insights.warehouse.transaction import Transaction

_EXAMPLES = 5
_FOR_LABELS = 3


@dataclass(frozen=True)
class Published(PublishedFields):
    """The fields of the last published sync; for each, the share that is filled and its most frequent values."""

    samples: Mapping[str, Sample] = field(default_factory=dict)
    examples: Mapping[str, list[Any]] = field(default_factory=dict)


class LastPublished:
    """Reads a snapshot only if it is new, since a published file never changes."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._key: tuple[int, int] | None = None
        self._kept = Published()

    def get(self) -> Published:
        """Return the fields of the current snapshot; none before the first sync.

        Raises:
            WarehouseProblem: it cannot be opened.
        """
        with self._lock:
            try:
                stat = self._places.snapshot.stat()
            except FileNotFoundError:
                return Published()
            if (key := (stat.st_ino, stat.st_mtime_ns)) != self._key:
                with reading_snapshot(self._places.snapshot) as tx:
                    self._kept = _read(tx)
                self._key = key
            return self._kept


def _read(tx: Transaction) -> Published:
    fields = fields_in(tx)
    examples = {name: _examples(tx, state) for name, state in fields.states.items() if state.is_visible}
    shares = {
        name: (filled / accounts if accounts else None)
        for name, accounts, filled in tx.execute(
            "SELECT field, accounts, filled FROM ops.field_stats WHERE sync = (SELECT max(sync) FROM insights.snapshot)"
        )
    }
    return Published(
        **vars(fields),
        samples={
            name: Sample(share, _texts(fields.states.get(name), examples.get(name, ())), is_exact=True)
            for name, share in shares.items()
        },
        examples={name: values[:_FOR_LABELS] for name, values in examples.items()},
    )


def _texts(state: FieldState | None, values: Sequence[Any]) -> tuple[str | None, ...]:
    return tuple(Appearance.of_field(state, state.display_format).text(value) for value in values) if state else ()


def _examples(tx: Transaction, state: FieldState) -> list[Any]:
    """Return the most frequent values of a field among the current accounts."""
    if state.category == "metric":
        rows = tx.execute(
            "SELECT value FROM insights.metric_history WHERE metric = $field AND valid_to IS NULL "
            f"GROUP BY value ORDER BY count(*) DESC, value LIMIT {_EXAMPLES}",
            {"field": state.field},
        )
    else:
        column = identifier(state.field)
        rows = tx.execute(
            f"SELECT {column} FROM ops.attribute_values WHERE is_current AND {column} IS NOT NULL "
            f"GROUP BY ALL ORDER BY count(*) DESC, {column} LIMIT {_EXAMPLES}"
        )
    return [value for (value,) in rows]
