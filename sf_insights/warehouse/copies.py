"""Copies of closed DuckDB files, read from end to end and put where they belong in one step."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from pathlib import Path

import duckdb

from sf_insights.domain.problems import WarehouseProblem, WarehouseUnusable
from sf_insights.settings.environment import database_limits, environment
from sf_insights.sql import identifier
from sf_insights.system.durable import create_private, flush

_SIGNS_OF_DAMAGE = ("corrupt database", "stored checksum", "could not read enough bytes")


def replace_file(
    file: Path,
    target: Path,
    mode: int,
    complete: Callable[[Path], None] = lambda _: None,
    just_read: Collection[str] = (),
) -> None:
    """Put a copy of a closed DuckDB file in the place of another, in one step and for good.

    Whoever has the old file open keeps it.

    Args:
        file: what is copied. Every column of every table is read in the copy, and damage refused.
        target: what is replaced.
        mode: the permissions of the target.
        complete: may change the copy before it is put there.
        just_read: the tables, as schema.table, that whoever copies has read in full and need not be read again.

    Raises:
        WarehouseProblem: part of the file cannot be read; nothing was put in the place of the target.
    """
    # Whoever copies holds the warehouse's lock, so what a killed process left under this name is nobody's any more.
    copy = target.with_name(f".{target.name}.part")
    log = copy.with_name(copy.name + ".wal")
    try:
        log.unlink(missing_ok=True)
        create_private(copy)  # nobody else reads it before it has the mode that is asked for
        shutil.copyfile(file, copy)
        _refuse_damaged(copy, file, just_read)
        complete(copy)
        flush(copy)
        copy.chmod(mode)
        # A write-ahead log beside the target, left by somebody who once opened it for writing, would make the new file
        # unreadable.
        target.with_name(target.name + ".wal").unlink(missing_ok=True)
        copy.replace(target)
    finally:
        copy.unlink(missing_ok=True)
        log.unlink(missing_ok=True)
    flush(target.parent)


def _refuse_damaged(copy: Path, of: Path, just_read: Collection[str]) -> None:
    """Read every column of every table, since DuckDB sees a damaged block when it reads it and not before."""
    try:
        with duckdb.connect(str(copy), read_only=True, config=database_limits(environment())) as connection:
            tables = connection.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
            ).fetchall()
            for schema, table in tables:
                if f"{schema}.{table}" not in just_read:
                    name = f"{identifier(schema)}.{identifier(table)}"
                    connection.execute(f"SELECT count(COLUMNS(*)) FROM {name}").fetchall()
    except duckdb.Error as error:
        if found := damage(of, error):
            raise found from error
        raise


def unreadable(file: Path, error: duckdb.Error) -> WarehouseProblem:
    """What a person can do about a file that DuckDB cannot open."""
    return damage(file, error) or WarehouseProblem(
        f"{file.name} cannot be opened: {str(error).splitlines()[0].rstrip('.! ')}.",
        "Close other programs that have it open (analysts open account_insights.duckdb instead), or restore the file "
        "from a backup if it is damaged.",
    )


def damage(file: Path, error: BaseException) -> WarehouseProblem | None:
    """What a person can do about a damaged file, None when an error means something else."""
    if not isinstance(error, duckdb.Error) or not any(sign in str(error).lower() for sign in _SIGNS_OF_DAMAGE):
        return None
    return WarehouseUnusable(
        f"{file} is damaged: {str(error).splitlines()[0].rstrip('.! ')}.",
        "Nothing was put in its place. Bring the warehouse back with `sf-insights restore FILE`, from a backup or from "
        "the published account_insights.duckdb; if that is the damaged one, `sf-insights publish` makes it again.",
    )
