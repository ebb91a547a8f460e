"""What the pages read: the warehouse for an instant, or the published snapshot while a sync has the warehouse."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sf_insights.domain.problems import WarehouseProblem
from sf_insights.resources.settings import Places
from sf_insights.resources.warehouse import Transaction, Warehouse, reading_snapshot

# Two requests at once must not take each other for a sync.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Reading:
    """A way to read; `tx` is None before the first sync. `busy` says who holds the warehouse meanwhile."""

    tx: Transaction | None
    busy: str | None = None


@contextmanager
def reading(places: Places) -> Iterator[Reading]:
    """Read the warehouse, which also knows of syncs that failed; the snapshot while it is held.

    Raises:
        WarehouseProblem: what there is cannot be opened.
    """
    warehouse = Warehouse(places.warehouse)
    with _ONE_AT_A_TIME:
        busy = warehouse.holder() if places.warehouse.exists() else None
        if busy is None and places.warehouse.exists():
            try:
                warehouse.open("sf-insights settings", wait_seconds=0)
            except WarehouseProblem:
                busy = warehouse.holder()
                if busy is None and not places.snapshot.exists():
                    raise
        if warehouse.is_open:
            try:
                with warehouse.transaction() as tx:
                    yield Reading(tx)
            finally:
                warehouse.close()
            return
    if places.snapshot.exists():
        with reading_snapshot(places.snapshot) as tx:
            yield Reading(tx, busy)
    else:
        yield Reading(None, busy)
