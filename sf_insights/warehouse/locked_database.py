"""A DuckDB file under a lock: only one process has it, and every change is a transaction.

While one process writes a DuckDB file, no other process can open it. Therefore a process takes a file lock before it
opens the file and releases it after closing. The operating system releases the lock of a process that dies.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from sf_insights.domain.problems import WarehouseProblem, WarehouseUnusable
from sf_insights.settings.database_limits import MEMORY_VARIABLE, USUAL_LIMITS, DatabaseLimits
from sf_insights.sql import literal
from sf_insights.system.file_lock import FileLock
from sf_insights.system.open_transactions import inside_transaction
from sf_insights.system.waiting import Waiting
from sf_insights.warehouse.copies import damage, log_of, size_of, unreadable
from sf_insights.warehouse.holder import HolderNote
from sf_insights.warehouse.transaction import Transaction
from sf_insights.warehouse.versions import STORAGE_VERSION

logger = logging.getLogger(__name__)

LOCK_WAIT_SECONDS = 600.0
_LOCK_POLL_SECONDS = 0.2
_DYING_SECONDS = 5.0


class DatabaseInUse(WarehouseProblem):
    """Another process holds the lock."""


class LockedDatabase:
    """One DuckDB file and its lock. Nothing else in the project opens that file."""

    def __init__(self, path: Path, limits: DatabaseLimits = USUAL_LIMITS) -> None:
        self.path = path
        self.limits = limits
        self._lock = FileLock(path.with_suffix(".lock"))
        self._holder = HolderNote(path.with_suffix(".holder"))
        self._connection: duckdb.DuckDBPyConnection | None = None

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    def hold(
        self,
        purpose: str,
        wait_seconds: float = LOCK_WAIT_SECONDS,
        tell: Callable[[str], None] = logger.warning,
    ) -> None:
        """Take the lock like `open`, but do not open the database, which may be missing or damaged.

        Raises:
            WarehouseProblem: another process holds the lock, or DuckDB cannot open a file with this path.
        """
        if "?" in str(self.path):
            raise WarehouseUnusable(
                f"The path {self.path} has a question mark, and DuckDB cannot open such a file.",
                "Choose another directory with SF_INSIGHTS_DATA_DIR.",
            )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._acquire(purpose, wait_seconds, tell)

    def close(self) -> None:
        """Close the database and release the lock."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._lock.is_held:
            self._holder.remove()
            self._lock.release()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run a transaction: commit at the end of the block, roll back on an error."""
        connection = self._opened()
        try:
            connection.execute("BEGIN")  # inside: a signal may arrive right after it
            with inside_transaction():
                yield Transaction(connection, self.limits)
        except BaseException as error:
            # A failed COMMIT has already rolled back, and a broken connection cannot roll back.
            with suppress(duckdb.Error):
                connection.execute("ROLLBACK")
            if found := damage(self.path, error) or self._out_of_memory(error):
                raise found from error
            raise
        connection.execute("COMMIT")

    def checkpointed(self) -> Path:
        """Write all changes into the file and close it, so that it can be copied; keep the lock.

        Raises:
            WarehouseProblem: the write-ahead log still has changes.
        """
        self._opened().execute("CHECKPOINT")
        self._opened().close()
        self._connection = None
        if log_of(self.path).exists():
            raise WarehouseProblem(
                f"Some changes could not be written to {self.path.name}. Nothing was published.", "Run the sync again."
            )
        return self.path

    def reopen(self) -> None:
        """Open the database again after `checkpointed`."""
        if self._connection is None:
            self._connection = self._connect()

    def expect(self, files: Iterable[Path]) -> None:
        """Raise the memory limit for these files, which are about to be written into the database."""
        data = size_of(self.path) + sum(map(size_of, files))
        self._opened().execute(f"SET memory_limit = {literal(self.limits.memory_for(data))}")

    def holder(self) -> str | None:
        """Return who holds the lock and since when; None if it is free."""
        probe = FileLock(self.path.with_suffix(".lock"))
        try:
            probe.acquire()
        except TimeoutError:
            return self._holder.describe()
        except OSError:
            return None
        probe.release()
        return None

    def note_waiting(self, waiting: Waiting | None) -> None:
        """Note, for `holder`, what this process is waiting for; None when it no longer waits."""
        self._holder.waits(waiting)

    def _opened(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            raise WarehouseProblem(f"{self.path.name} is not open.")
        return self._connection

    def _acquire(self, purpose: str, wait_seconds: float, tell: Callable[[str], None]) -> None:
        try:
            self._lock.acquire()
        except TimeoutError:
            if wait_seconds > 0:
                tell(f"waiting up to {wait_seconds:.0f} s: {self._holder.describe()}")
            try:
                self._lock.acquire(wait_seconds, _LOCK_POLL_SECONDS)
            except TimeoutError:
                raise DatabaseInUse(
                    f"{self.path.name} is in use: {self._holder.describe()}.", "Wait for it to end, or stop it."
                ) from None
        self._holder.write(purpose)

    def _connect(self) -> duckdb.DuckDBPyConnection:
        config: dict[str, str | bool | int | float | list[str]] = {
            **self.limits.as_options(size_of(self.path)),
            "storage_compatibility_version": STORAGE_VERSION,
            "autoinstall_known_extensions": "false",
            "preserve_insertion_order": "false",
            # A sync is checkpointed once, before the file is copied. With DuckDB's own threshold of 16 MB, some steps
            # would do it too, which takes seconds and leaves holes in the file.
            "checkpoint_threshold": "100MB",
        }
        # When a process dies, our lock may be released a moment before DuckDB's own.
        deadline = time.monotonic() + _DYING_SECONDS
        while True:
            try:
                connection = duckdb.connect(str(self.path), config=config)
                break
            except duckdb.IOException as error:
                if time.monotonic() >= deadline:
                    raise unreadable(self.path, error) from None
                time.sleep(_LOCK_POLL_SECONDS)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        self._set_up(connection)
        return connection

    def _set_up(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Prepare a new connection."""

    def _out_of_memory(self, error: BaseException) -> WarehouseProblem | None:
        """Return the error for a statement that needs more memory than the limit; None for other errors."""
        if not isinstance(error, duckdb.OutOfMemoryException):
            return None
        limit = self.limits.memory_for()
        if self.limits.memory is None:
            with suppress(duckdb.Error):  # a broken connection cannot tell which limit was in force
                [(limit,)] = self._opened().execute("SELECT current_setting('memory_limit')").fetchall()
        return WarehouseUnusable(
            f"DuckDB may use {limit} of memory, which is not enough for so many accounts. Nothing was changed.",
            f"Set {MEMORY_VARIABLE} to a larger value, such as 2GB, and run again.",
        )
