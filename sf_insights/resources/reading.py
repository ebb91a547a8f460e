"""What people's commands and pages read: the warehouse for an instant, or the snapshot while a sync has it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sf_insights.domain.problems import WarehouseProblem
from sf_insights.resources.settings import Places
from sf_insights.resources.warehouse import Transaction, Warehouse, reading_snapshot

# Two requests of the pages at once must not take each other for a sync.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Reading:
    """A way to read, and where it leads: `source` is "warehouse" or "snapshot".

    `tx` is None when there is nothing yet. `running` says who holds the warehouse, when that is why the snapshot is
    read instead.
    """

    tx: Transaction | None
    source: str
    running: str | None = None


@contextmanager
def reading(places: Places, purpose: str) -> Iterator[Reading]:
    """Read the warehouse, which also knows of syncs that failed; the snapshot while it is held or when it is gone.

    Raises:
        WarehouseProblem: what there is cannot be opened.
    """
    warehouse = Warehouse(places.warehouse)
    with _ONE_AT_A_TIME:
        running = _opened(warehouse, purpose) if places.warehouse.exists() else None
        if warehouse.is_open:
            try:
                with warehouse.transaction() as tx:
                    yield Reading(tx, "warehouse")
            finally:
                warehouse.close()
            return
    if places.snapshot.exists():
        with reading_snapshot(places.snapshot) as tx:
            yield Reading(tx, "snapshot", running)
    else:
        yield Reading(None, "snapshot", running)


def _opened(warehouse: Warehouse, purpose: str) -> str | None:
    """Open it and return None, or say who holds it."""
    running = warehouse.holder()
    if running is None:
        try:
            warehouse.open(purpose, wait_seconds=0)
        except WarehouseProblem:
            running = warehouse.holder()
            if running is None:
                raise
    return running
