"""outbound_sync.duckdb: what was sent, what is held back, and the journal. One process has it at a time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from sf_insights.domain.problems import WarehouseUnusable
from sf_insights.settings.environment import Places
from sf_insights.sql import identifier, literal
from sf_insights.system.clock import now
from sf_insights.system.durable import create_private
from sf_insights.warehouse.copies import replace_file
from sf_insights.warehouse.locked_database import DatabaseInUse, LockedDatabase
from sf_insights.warehouse.transaction import Transaction

OUTBOUND_SCHEMA = 1
_READ_ONLY = 0o444
_PROBE_SECONDS = 2.0
_FIXED_COLUMNS = ("object", "record_id", "sent_at", "run")


class OutboundState(LockedDatabase):
    """The outbound side's own file under its own lock; the inbound sync never takes either."""

    @classmethod
    def of(cls, places: Places) -> OutboundState:
        """The file of a home, with the limits of that home."""
        return cls(places.outbound, places.limits)

    def open(self, purpose: str) -> None:
        """Take the lock, and open the file; create it if it does not exist.

        Waits only as long as a page may hold the lock while it asks who has it.

        Raises:
            DatabaseInUse: another run has it; the next one comes in a few hours.
            WarehouseProblem: a newer version wrote the file, or it cannot be opened.
        """
        try:
            self.hold(purpose, wait_seconds=_PROBE_SECONDS, tell=lambda _: None)
        except DatabaseInUse:
            raise DatabaseInUse(
                f"Another outbound run has not ended: {self.holder()}.", "Wait for it to end, or stop it."
            ) from None
        try:
            self.reopen()
            self._prepare()
        except BaseException:
            self.close()
            raise

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
        """Close the file, and replace the read-only copy for analysts and pages; keep the lock."""
        replace_file(self.checkpointed(), published, mode=_READ_ONLY, limits=self.limits)

    def copy_to(self, copy: Path) -> None:
        """Write a copy of the file that may be changed and thrown away."""
        try:
            file = self.checkpointed()
            create_private(copy)
            shutil.copyfile(file, copy)
        finally:
            self.reopen()

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
