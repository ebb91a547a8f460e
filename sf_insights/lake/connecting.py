"""Open a lake: extensions, credentials, and the checks that come before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from sf_insights.domain.problems import LakeProblem
from sf_insights.lake import extensions
from sf_insights.lake.access import database_options, database_secret, storage_secret, uses_aws_profiles
from sf_insights.lake.errors import explained
from sf_insights.lake.target import LakeTarget
from sf_insights.settings.environment import Places
from sf_insights.sql import literal, render
from sf_insights.warehouse.transaction import Transaction

CATALOG_FORMAT = "1.0"  # what the pinned extension reads and writes
_OF_DUCKLAKE = "ducklake_"


@dataclass(frozen=True)
class Lake:
    """A DuckDB connection that can reach a lake. `exists` tells whether the schema has a lake already."""

    target: LakeTarget
    connection: duckdb.DuckDBPyConnection
    exists: bool

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run a transaction of the lake: commit at the end of the block, roll back on an error."""
        self.connection.execute("BEGIN")
        try:
            yield Transaction(self.connection)
        except BaseException:
            with suppress(duckdb.Error):  # without PostgreSQL it fails too, and the first error says why
                self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def attach(self, *, read_only: bool = False) -> None:
        """Open the lake as `lake`; without `read_only`, create it if it does not exist."""
        names: dict[str, Any] = {
            "options": database_options(self.target),
            "schema": self.target.schema,
            "files": self.target.files,
        }
        tx = Transaction(self.connection)
        tx.run("lake/attach", read_only=read_only, **names)
        if not self.exists and not read_only:
            tx.run("lake/options")


@contextmanager
def reached(target: LakeTarget, places: Places, variables: Mapping[str, str]) -> Iterator[Lake]:
    """Provide a connection to a lake that is not attached yet, and close it afterwards. Writes nothing.

    Errors of DuckDB and of the disk in the block become LakeProblems too.

    Raises:
        LakeProblem: wheels are missing, the database or the storage cannot be reached or refuses, the schema or the
            place of the files holds something else, or the lake has another format.
    """
    temporary = places.data / ".lake.tmp"
    with explained(target):
        connection = duckdb.connect(
            config={
                **places.limits.as_options(),
                "temp_directory": str(temporary),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                **extensions.AS_INSTALLED,
                "preserve_insertion_order": "false",
            }
        )
        with connection:
            tx = Transaction(connection)
            tx.execute("SET TimeZone = 'UTC'")
            tx.execute("SET enable_progress_bar = false")
            _give_access(connection, target, variables)
            yield Lake(target, connection, _examined(tx, target))


def _give_access(connection: duckdb.DuckDBPyConnection, target: LakeTarget, variables: Mapping[str, str]) -> None:
    names = [extensions.LAKE, extensions.POSTGRES]
    if target.is_in_object_storage:
        names.append(extensions.OBJECT_STORAGE)
    if uses_aws_profiles(target, variables):
        names.append(extensions.AWS)
    extensions.load_extensions(connection, *names)
    extensions.refuse_others(connection)
    tx = Transaction(connection)
    tx.run("lake/secret", called="lake_catalog", type="postgres", options=database_secret(target, variables))
    if target.is_in_object_storage:
        tx.run("lake/secret", called="lake_files", type="s3", options=storage_secret(variables))


def _examined(tx: Transaction, target: LakeTarget) -> bool:
    """Tell whether the schema has a lake; refuse anything else that is in it, and files of another lake."""
    if not target.is_in_object_storage:
        _refuse_protected(Path(target.files))
    tx.run("lake/attach_database", options=database_options(target))
    tables = {name for (name,) in _in_database(tx, render("lake/catalog_tables", schema=target.schema))}
    if others := sorted(name for name in tables if not name.startswith(_OF_DUCKLAKE)):
        raise LakeProblem(
            f"The {target} holds tables that are not of a lake, such as {others[0]}.",
            "Write another `schema:` under `publish_to:`; nothing was changed.",
        )
    exists = "ducklake_metadata" in tables
    if exists:
        settings: dict[str, Any] = dict(_in_database(tx, render("lake/catalog_settings", schema=target.schema)))
        _refuse_other_format(settings.get("version", "unknown"), target)
    tx.execute("DETACH catalog_database")
    if not exists:
        _refuse_used_files(tx, target)
    return exists


def _in_database(tx: Transaction, query: str) -> list[tuple[Any, ...]]:
    return tx.execute(f"FROM postgres_query('catalog_database', {literal(query)})")


def _refuse_other_format(found: str, target: LakeTarget) -> None:
    if found != CATALOG_FORMAT:
        raise LakeProblem(
            f"The lake in {target} has the format {found}, and this version writes {CATALOG_FORMAT}.",
            "Install the version of sf_insights that wrote it, or write another `schema:`. The lake is never migrated, "
            "because older readers could not open it any more.",
        )


def _refuse_protected(files: Path) -> None:
    there = next(path for path in (files, *files.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise LakeProblem(
            f"Cannot write to {there}, where the lake's files are.",
            "Let the user that runs sf-insights write there, or name another directory as `data:`.",
        )


def _refuse_used_files(tx: Transaction, target: LakeTarget) -> None:
    """Refuse to begin where files are: the clean-up of two lakes in one place would delete each other's files."""
    if not target.is_in_object_storage and not Path(target.files).exists():
        return
    found = tx.execute(f"FROM glob({literal(target.files + '**')}) LIMIT 1")
    if found:
        raise LakeProblem(
            f"{target.files} has files already, but {target} has no lake.",
            "Write another `data:` or `schema:` under `publish_to:`, or move these files away.",
        )
