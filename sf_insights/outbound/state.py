"""outbound_sync.duckdb: what was sent, what is held back, and the journal. One process has it at a time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import filelock

from sf_insights.domain.problems import WarehouseProblem, WarehouseUnusable
from sf_insights.settings.database_limits import DatabaseLimits
from sf_insights.sql import identifier, literal
from sf_insights.system.clock import now
from sf_insights.system.durable import create_private
from sf_insights.system.open_transactions import inside_transaction
from sf_insights.warehouse.copies import damage, replace_file, unreadable
from sf_insights.warehouse.holder import HolderNote
from sf_insights.warehouse.transaction import Transaction
from sf_insights.warehouse.versions import STORAGE_VERSION

OUTBOUND_SCHEMA = 1
_READ_ONLY = 0o444
_FIXED_COLUMNS = ("object", "record_id", "sent_at", "run")


class InUse(WarehouseProblem):
    """Another outbound run has the file."""


class OutboundState:
    """The outbound side's own file under its own lock; the inbound sync never takes either."""

    def __init__(self, path: Path, limits: DatabaseLimits) -> None:
        self.path = path
        self.limits = limits
        self._lock = filelock.FileLock(path.with_suffix(".lock"), thread_local=False)
        self._holder = HolderNote(path.with_suffix(".holder"))
        self._connection: duckdb.DuckDBPyConnection | None = None

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    def open(self, purpose: str) -> None:
        """Take the lock without waiting, and open the file; create it if it does not exist.

        Raises:
            InUse: another run has it; the next one comes in a few hours.
            WarehouseProblem: a newer version wrote the file, or it cannot be opened.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout:
            raise InUse(
                f"Another outbound run has not ended: {self._holder.describe()}.", "Wait for it to end, or stop it."
            ) from None
        self._holder.write(purpose)
        try:
            self._connect()
            self._prepare()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file and release the lock."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._lock.is_locked:
            self._holder.remove()
            self._lock.release(force=True)

    def holder(self) -> str | None:
        """Return who has the file, since when; None if nobody does."""
        probe = filelock.FileLock(self.path.with_suffix(".lock"), thread_local=False)
        try:
            probe.acquire(timeout=0)
        except filelock.Timeout:
            return self._holder.describe()
        except OSError:
            return None
        probe.release()
        return None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run a transaction: commit at the end of the block, roll back on an error."""
        connection = self._opened()
        try:
            connection.execute("BEGIN")  # inside: a signal may arrive right after it
            with inside_transaction():
                yield Transaction(connection)
        except BaseException as error:
            with suppress(duckdb.Error):
                connection.execute("ROLLBACK")
            if found := damage(self.path, error):
                raise found from error
            raise
        connection.execute("COMMIT")

    def scratch(self) -> Transaction:
        """Run statements that change only the scratch file or temporary tables, each committed at once."""
        return Transaction(self._opened())

    @contextmanager
    def attached(self, scratch: Path) -> Iterator[None]:
        """Attach the scratch file as `work`."""
        connection = self._opened()
        connection.execute(f"ATTACH {literal(str(scratch))} AS work")
        try:
            yield
        finally:
            if self._connection is connection:
                with suppress(duckdb.Error):
                    connection.execute("DETACH work")

    def publish(self, published: Path) -> None:
        """Replace the read-only copy for analysts and pages."""
        with self._closed():
            replace_file(self.path, published, mode=_READ_ONLY, limits=self.limits)

    def copy_to(self, copy: Path) -> None:
        """Write a copy of the file that may be changed and thrown away."""
        with self._closed():
            create_private(copy)
            shutil.copyfile(self.path, copy)

    @contextmanager
    def _closed(self) -> Iterator[None]:
        """Write all changes into the file and close it for a moment; the lock stays."""
        self._opened().execute("CHECKPOINT")
        self._opened().close()
        self._connection = None
        try:
            yield
        finally:
            self._connect()

    def _opened(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            raise WarehouseProblem(f"{self.path.name} is not open.")
        return self._connection

    def _connect(self) -> None:
        config = {
            **self.limits.as_options(),
            "storage_compatibility_version": STORAGE_VERSION,
            "autoinstall_known_extensions": "false",
            "preserve_insertion_order": "false",
        }
        try:
            connection = duckdb.connect(str(self.path), config=config)
        except duckdb.IOException as error:
            raise unreadable(self.path, error) from None
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        self._connection = connection

    def _prepare(self) -> None:
        with self.transaction() as tx:
            if not tx.value("SELECT count(*) FROM duckdb_schemas() WHERE schema_name = 'ops' AND NOT internal"):
                tx.run("outbound/schema")
                tx.insert("ops.outbound", [{"org_id": None, "schema_version": OUTBOUND_SCHEMA, "created_at": now()}])
            version = tx.value("SELECT schema_version FROM ops.outbound")
        if version > OUTBOUND_SCHEMA:
            raise WarehouseUnusable(
                f"{self.path.name} was written by a newer sf_insights (schema {version}).", "Upgrade sf_insights."
            )


def target_columns(tx: Transaction) -> list[str]:
    """Return the targets that sent_values has a column for."""
    return [name for name in tx.columns("outbound", "sent_values") if name not in _FIXED_COLUMNS]


def add_target_columns(tx: Transaction, targets: list[str]) -> None:
    """Add a column for each target that has none yet, ignoring letter case."""
    have = {name.casefold() for name in target_columns(tx)}
    for name in targets:
        if name.casefold() not in have:
            tx.execute(f"ALTER TABLE outbound.sent_values ADD COLUMN {identifier(name)} VARCHAR")
