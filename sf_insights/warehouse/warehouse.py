"""The warehouse: open warehouse.duckdb under its lock, and migrate its schema."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Callable
from pathlib import Path

import duckdb

from sf_insights.domain.problems import WarehouseProblem, WarehouseUnusable
from sf_insights.settings.environment import SNAPSHOT_NAME, Places
from sf_insights.sql import migrations, render
from sf_insights.system.clock import now
from sf_insights.system.durable import PRIVATE
from sf_insights.warehouse.copies import replace_file
from sf_insights.warehouse.locked_database import LOCK_WAIT_SECONDS, LockedDatabase
from sf_insights.warehouse.versions import SCHEMA_VERSION

logger = logging.getLogger(__name__)


class Warehouse(LockedDatabase):
    """warehouse.duckdb under its lock. Nothing else in the project opens that file."""

    @classmethod
    def of(cls, places: Places) -> Warehouse:
        """The warehouse of a home, with the limits of that home."""
        return cls(places.warehouse, places.limits)

    def open(
        self,
        purpose: str,
        wait_seconds: float = LOCK_WAIT_SECONDS,
        tell: Callable[[str], None] = logger.warning,
    ) -> None:
        """Take the lock and open the database; create it if it does not exist, and migrate an older schema.

        Args:
            purpose: what the lock is for, shown to processes that wait for it.
            wait_seconds: how long to wait for another holder.
            tell: called with a message if another process holds the lock, or if the schema was migrated.

        Raises:
            WarehouseProblem: another process holds the lock, a newer version wrote the file, or a file with an older
                schema cannot be copied.
        """
        if self.is_open:
            return
        self.hold(purpose, wait_seconds, tell)
        try:
            self.refuse_lost()
            self.reopen()
            self._prepare(tell)
        except BaseException:
            self.close()
            raise

    def refuse_lost(self) -> None:
        """Refuse to create a warehouse beside a snapshot, because the next publish would replace that last copy.

        Raises:
            WarehouseProblem: there is a snapshot but no warehouse.
        """
        snapshot = self.path.with_name(SNAPSHOT_NAME)
        if snapshot.exists() and not self.path.exists():
            raise WarehouseUnusable(
                f"{self.path.name} is missing, but {snapshot.name} still exists.",
                f"Restore it with `sf-insights restore {shlex.quote(str(snapshot))}` or from a newer backup, or move "
                f"{snapshot.name} away to start from nothing.",
            )

    def refuse_missing(self) -> None:
        """Keep operations other than a sync from creating an empty warehouse.

        Raises:
            WarehouseProblem: there is no warehouse.
        """
        self.refuse_lost()
        if not self.path.exists():
            raise WarehouseProblem("Nothing has been synced yet.", "Run `sf-insights sync`.")

    def _prepare(self, tell: Callable[[str], None]) -> None:
        with self.transaction() as tx:
            if not tx.value("SELECT count(*) FROM duckdb_schemas() WHERE schema_name = 'ops'"):
                tx.run("schema/schema")
                tx.run("ids/sf_id18")
                tx.insert("ops.warehouse", [{"org_id": None, "schema_version": SCHEMA_VERSION, "created_at": now()}])
            version = tx.value("SELECT schema_version FROM ops.warehouse")
        if version > SCHEMA_VERSION:
            raise WarehouseUnusable(
                f"{self.path.name} was written by a newer sf_insights (schema {version}; this version knows schema "
                f"{SCHEMA_VERSION}).",
                "Upgrade sf_insights.",
            )
        if version < SCHEMA_VERSION:
            copy = self._copied(f"before-schema-{SCHEMA_VERSION}")
            self._migrate(version)
            tell(
                f"{self.path.name} was migrated from schema {version} to {SCHEMA_VERSION}. The old file is kept as "
                f"{copy.name}; delete it when you no longer need it."
            )

    def _copied(self, occasion: str) -> Path:
        """Write a copy of the current file beside it; return its path."""
        copy = self.path.with_name(f"{self.path.stem}.{occasion}-{now():%Y%m%dT%H%M%S}.duckdb")
        try:
            replace_file(self.checkpointed(), copy, mode=PRIVATE, limits=self.limits)
        except OSError as error:
            raise WarehouseProblem(
                f"{self.path.name} has an older schema, but cannot be copied before its migration: {error.strerror}. "
                "Nothing was changed.",
                f"Make room for {copy.name} in the same directory, as large as {self.path.name}, and run again.",
            ) from None
        self.reopen()
        return copy

    def _migrate(self, version: int) -> None:
        """Migrate the schema from a version to the current one, in one transaction."""
        with self.transaction() as tx:
            tx.use_most_memory()
            for step in migrations():
                if step > version:
                    tx.run(f"schema/migrate_to_{step}")
            for table in ("ops.warehouse", "insights.snapshot"):
                tx.execute(f"UPDATE {table} SET schema_version = $version", {"version": SCHEMA_VERSION})

    def _set_up(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(render("ids/macros"))
