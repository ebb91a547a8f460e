"""What the commands read: the published snapshot, or the warehouse itself for an instant."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sf_insights.domain.problems import WarehouseProblem
from sf_insights.resources.settings import Places
from sf_insights.resources.warehouse import Transaction, Warehouse, reading_snapshot


@dataclass(frozen=True)
class Reading:
    """A way to read, and where it leads: `source` is "warehouse" or "snapshot".

    `running` says who holds the warehouse, when that is why the snapshot is read instead.
    """

    tx: Transaction
    source: str
    running: str | None = None


@contextmanager
def reading(places: Places, purpose: str) -> Iterator[Reading]:
    """Read the warehouse, or the snapshot while the warehouse is held.

    Raises:
        WarehouseProblem: there is neither.
    """
    if not places.warehouse.exists():
        raise WarehouseProblem("Nothing has been synced yet.", "Run `sf-insights check`, then `sf-insights sync`.")
    warehouse = Warehouse(places.warehouse)
    running = warehouse.holder()
    if running is None:
        try:
            warehouse.open(purpose, wait_seconds=0)
        except WarehouseProblem:
            running = warehouse.holder()
            if running is None:
                raise
    if running is None:
        try:
            with warehouse.transaction() as tx:
                yield Reading(tx, "warehouse")
        finally:
            warehouse.close()
    elif places.snapshot.exists():
        with reading_snapshot(places.snapshot) as tx:
            yield Reading(tx, "snapshot", running)
    else:
        raise WarehouseProblem(f"Nothing has been published yet; {running}.", "Wait for it to end.")
