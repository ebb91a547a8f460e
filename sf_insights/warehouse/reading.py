"""Read for commands and pages: the warehouse for a moment, or the snapshot while the warehouse is not available."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from sf_insights.domain.problems import WarehouseProblem
from sf_insights.settings.environment import Places
from sf_insights.sql import literal
from sf_insights.warehouse.copies import damage, unreadable
from sf_insights.warehouse.transaction import Transaction
from sf_insights.warehouse.versions import SCHEMA_VERSION
from sf_insights.warehouse.warehouse import Warehouse


class _Read(Warehouse):
    """Opened to read small tables: without the macros for ids, and by one thread, which starts and plans faster."""

    @classmethod
    def of(cls, places: Places) -> _Read:
        return cls(places.warehouse, replace(places.limits, threads=places.limits.threads or "1"))

    def _set_up(self, connection: duckdb.DuckDBPyConnection) -> None:
        del connection


# Two page requests at the same time must not mistake each other for a sync.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Reading:
    """A transaction and its `source`, "warehouse" or "snapshot".

    `tx` is None if there is nothing to read yet. If the snapshot is read because the warehouse is in use, `running`
    says who holds it. `is_protected` tells whether this user may not write the warehouse and so cannot open it.
    """

    tx: Transaction | None
    source: str
    running: str | None = None
    is_protected: bool = False


@contextmanager
def reading(places: Places, purpose: str) -> Iterator[Reading]:
    """Read the warehouse, which also has failed syncs; if it is in use, missing or protected, read the snapshot.

    Raises:
        WarehouseProblem: the file cannot be opened, or an earlier version published the snapshot.
    """
    warehouse = _Read.of(places)
    is_protected = places.warehouse.exists() and not _may_write(places)
    with _ONE_AT_A_TIME:
        running = _opened(warehouse, purpose) if places.warehouse.exists() and not is_protected else None
        if warehouse.is_open:
            try:
                with warehouse.transaction() as tx:
                    yield Reading(tx, "warehouse")
            finally:
                warehouse.close()
            return
    if places.snapshot.exists():
        with reading_snapshot(places.snapshot) as tx:
            if older := _older(places.snapshot, tx):
                raise older
            yield Reading(tx, "snapshot", running, is_protected)
    else:
        yield Reading(None, "snapshot", running, is_protected)


def holder_or_refusal(places: Places, purpose: str) -> str | None:
    """Return who holds the warehouse, or None if it is free or not there yet. Refuse one that a sync could not open.

    The check is done under the lock, and does not upgrade an older warehouse.

    Raises:
        WarehouseProblem: the warehouse is lost, or cannot be opened.
        OSError: the lock cannot be taken.
    """
    warehouse = Warehouse.of(places)
    warehouse.refuse_lost()
    if not places.warehouse.exists():
        return None
    if running := warehouse.holder():
        return running
    warehouse.hold(purpose, wait_seconds=0)
    try:
        with duckdb.connect(str(places.warehouse), read_only=True) as connection:
            connection.execute("FROM ops.warehouse")
    except duckdb.Error as error:
        raise unreadable(places.warehouse, error) from None
    finally:
        warehouse.close()
    return None


def _older(snapshot: Path, tx: Transaction) -> WarehouseProblem | None:
    """Return why a snapshot of an earlier version, which lacks tables and columns, cannot be read; None of this one."""
    version = tx.value("SELECT schema_version FROM ops.warehouse")
    if version >= SCHEMA_VERSION:
        return None
    return WarehouseProblem(
        f"{snapshot.name} was published by an earlier sf_insights (schema {version}; this version reads schema "
        f"{SCHEMA_VERSION}).",
        "Wait until a running sync ends, or run `sf-insights publish` as the user that runs syncs.",
    )


def _may_write(places: Places) -> bool:
    """Tell whether this user can open the warehouse: DuckDB and the lock also write files beside it."""
    return all(os.access(path, os.W_OK) for path in (places.warehouse, places.warehouse.parent))


def _opened(warehouse: Warehouse, purpose: str) -> str | None:
    """Open the warehouse and return None, or return who holds it."""
    running = warehouse.holder()
    if running is None:
        try:
            warehouse.open(purpose, wait_seconds=0)
        except WarehouseProblem:
            running = warehouse.holder()
            if running is None:
                raise
    return running


@contextmanager
def reading_snapshot(snapshot: Path, beside: Transaction | None = None) -> Iterator[Transaction]:
    """Read the published snapshot, which never waits for a sync.

    `beside` is a transaction of the warehouse that is open anyway: a second DuckDB would take longer than the query.

    Raises:
        WarehouseProblem: nothing has been published, the file cannot be opened, or an earlier version published it
            without something that is read here.
    """
    if not snapshot.exists():
        raise WarehouseProblem("Nothing has been published yet.", "Run `sf-insights sync`.")
    with reading_file(snapshot, "Run `sf-insights publish` to write it again.", beside) as tx:
        try:
            yield tx
        except duckdb.Error as error:
            if found := damage(snapshot, error):
                raise found from error
            with suppress(duckdb.Error):
                if older := _older(snapshot, tx):
                    raise older from error
            raise


@contextmanager
def reading_file(file: Path, remedy: str, beside: Transaction | None = None) -> Iterator[Transaction]:
    """Read a published DuckDB file; `remedy` says what to do if it does not open. `beside` as in `reading_snapshot`.

    Raises:
        WarehouseProblem: the file cannot be opened.
    """
    try:
        connection = _attached(file, beside) if beside else duckdb.connect(str(file), read_only=True)
    except duckdb.Error as error:
        raise WarehouseProblem(f"{file.name} cannot be opened: {_first_line(error)}.", remedy) from None
    with connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield Transaction(connection)


def _attached(file: Path, beside: Transaction) -> duckdb.DuckDBPyConnection:
    connection = beside.cursor()
    connection.execute(f"ATTACH {literal(str(file))} AS attached_file (READ_ONLY)")
    connection.execute("USE attached_file.main")
    return connection


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0].rstrip(".! ")
