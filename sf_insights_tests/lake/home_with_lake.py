"""The language of the lake's tests: publish the snapshot of a home, and read the lake as an analyst does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from sf_insights.domain.publish_to import PASSWORD_VARIABLE, PublishTo
from sf_insights.lake.bringing import Brought, bring_up_to_date
from sf_insights.lake.connecting import reached
from sf_insights.lake.target import LakeTarget
from sf_insights.settings.environment import Places
from sf_insights.system.clock import now
from sf_insights_tests.lake.database_server import PASSWORD, DatabaseServer

_RELATIONS = """
    SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'published' AND NOT internal
    UNION ALL
    SELECT schema_name, table_name FROM duckdb_tables()
    WHERE database_name = 'published' AND NOT starts_with(table_name, 'undo_')
"""

_COLUMNS = """
    SELECT schema_name, table_name, column_name, column_index FROM duckdb_columns()
    WHERE database_name = '%s' AND NOT internal AND NOT starts_with(table_name, 'undo_')
"""

# They ask for the statistics of each column, which takes most of a query that reads an empty table of a lake.
_SLOW_ON_A_LAKE = "join_order,statistics_propagation"


@dataclass(frozen=True)
class HomeWithLake:
    """A home's directory of files with a snapshot, and the lake that it publishes into."""

    server: DatabaseServer
    database: str
    data: Path
    settings: dict[str, Any]
    variables: dict[str, str] = field(default_factory=lambda: {PASSWORD_VARIABLE: PASSWORD})

    @property
    def places(self) -> Places:
        return Places(self.data, self.data / "account_field_sync.yaml")

    @property
    def snapshot(self) -> Path:
        return self.places.snapshot

    @property
    def publish_to(self) -> PublishTo:
        return PublishTo.model_validate(self.settings)

    @property
    def target(self) -> LakeTarget:
        return LakeTarget.of(self.publish_to, self.places)

    @property
    def schema(self) -> str:
        return self.target.schema

    def but(self, **settings: Any) -> HomeWithLake:
        """Return the same home with other settings of its lake."""
        return replace(self, settings=self.settings | settings)

    def of_home(self, directory: Path) -> HomeWithLake:
        """Return this home with its files in another directory."""
        return replace(self, data=directory)

    def publish(self) -> Brought:
        return bring_up_to_date(self.publish_to, self.places, self.variables)

    def files(self) -> dict[str, int]:
        """Return the size of each file of the lake by its path."""
        root = Path(self.target.files)
        return {str(path.relative_to(root)): path.stat().st_size for path in root.rglob("*") if path.is_file()}

    def in_catalog(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run SQL in the lake's schema in PostgreSQL."""
        return self.server.run(self.database, f"SET search_path TO {self.schema}", *statements, user="lake")

    def age(self, days: int) -> None:
        """Move everything that the lake remembers into the past, as if so many days had gone by."""
        self.in_catalog(
            f"UPDATE ducklake_snapshot SET snapshot_time = snapshot_time - interval '{days} days'",
            "UPDATE ducklake_files_scheduled_for_deletion "
            f"SET schedule_start = schedule_start - interval '{days} days'",
        )

    @contextmanager
    def reader(self, file: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the lake as `lake` to read, with a published file beside it as `published`; by default the last one."""
        with reached(self.target, self.places, self.variables) as lake:
            lake.attach(read_only=True)
            lake.connection.execute(f"ATTACH '{file or self.snapshot}' AS published (READ_ONLY)")
            yield lake.connection

    @contextmanager
    def other_program(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the lake to write, and create it if it does not exist, as another program may."""
        with reached(self.target, self.places, self.variables) as lake:
            lake.attach()
            yield lake.connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.reader() as connection:
            return connection.execute(sql).fetchall()

    def states(self) -> int:
        """Return how many states of the lake can be read."""
        count: int = self.rows("SELECT count(*) FROM lake.snapshots()")[0][0]
        return count

    def differences(self, file: Path | None = None) -> dict[str, int]:
        """Return the relations that differ from a published file, with the number of different rows."""
        with self.reader(file) as connection:
            return differences(connection)

    def differences_seen_by(self, reader: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Return the same by a reader who opened the lake on an earlier day."""
        reader.execute("DETACH published")
        reader.execute(f"ATTACH '{self.snapshot}' AS published (READ_ONLY)")
        return differences(reader)


def aged(path: Path, days: int) -> None:
    """Give a file the time of some days ago."""
    moment = now().timestamp() - days * 86_400
    os.utime(path, (moment, moment))


def differences(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return the relations of `lake` that differ from `published`, with the number of different rows."""
    found: dict[str, int] = {}
    connection.execute(f"SET disabled_optimizers = '{_SLOW_ON_A_LAKE}'")
    connection.execute("BEGIN")  # a lake asks PostgreSQL again in each transaction
    relations = connection.execute(_RELATIONS).fetchall()
    assert len(relations) > 25
    missing = _count(connection, f"{_COLUMNS % 'published'} EXCEPT {_COLUMNS % 'lake'}")
    found |= {"columns": missing} if missing else {}
    for schema, name in relations:
        wrong = _wrong_rows(connection, f'{schema}."{name}"')
        found |= {f"{schema}.{name}": wrong} if wrong else {}
    connection.execute("COMMIT")
    return found


def _wrong_rows(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    """Compare the hashes of all rows; only rows that differ are compared one by one, which takes twice as long."""
    held, wanted = (_rows_and_hash(connection, f"{place}.{name}") for place in ("lake", "published"))
    if held == wanted:
        return 0
    return abs(held[0] - wanted[0]) + _count(connection, f"FROM published.{name} EXCEPT ALL FROM lake.{name}")


def _rows_and_hash(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, int | None]:
    query = f"SELECT count(*), sum(hash(whole_row)) FROM {relation} AS whole_row"
    [(rows, hashes)] = connection.execute(query).fetchall()
    return rows, hashes


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    rows = connection.execute(f"SELECT count(*) FROM ({query})").fetchall()
    count: int = rows[0][0]
    return count
