"""Compact the warehouse: the space of deleted rows is freed only when the file is copied."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import duckdb

from sf_insights.settings.database_limits import DatabaseLimits
from sf_insights.sql import identifier, literal
from sf_insights.system.durable import PRIVATE_DIRECTORY, flush
from sf_insights.warehouse.transaction import Transaction
from sf_insights.warehouse.versions import STORAGE_VERSION

logger = logging.getLogger(__name__)

# With a million accounts and 1 % changes a day, this share is reached about once a week.
_TOLERATED = 0.15
# A small file would shrink one day and grow again the next.
_LEAST_BYTES = 8_000_000
_IN_ORDER = 100_000  # rows


def has_holes(tx: Transaction) -> bool:
    """Tell whether so much of the file is unused that compacting it is worth the time.

    Unused are free blocks, and the space of deleted rows in the largest table.
    """
    [(free, size)] = tx.execute(
        "SELECT free_blocks / greatest(total_blocks, 1), total_blocks * block_size FROM pragma_database_size()"
    )
    dead = tx.value(
        """SELECT 1 - (SELECT count(*) FROM salesforce.raw_accounts) / greatest(sum(estimated_size), 1)
           FROM duckdb_tables() WHERE schema_name = 'salesforce' AND table_name = 'raw_accounts'"""
    )
    return bool(free + dead > _TOLERATED and (free + dead) * size > _LEAST_BYTES)


def compact(file: Path, limits: DatabaseLimits) -> None:
    """Replace a closed warehouse with a copy without unused space, in one step.

    If that fails, for example because the disk is full, log a warning and leave the file unchanged.
    """
    # DuckDB creates files with the umask's mode, so work in a private directory.
    room = file.with_name(f".{file.name}.compact")
    copy = room / file.name
    before = file.stat().st_size
    try:
        if room.is_file():
            room.unlink()  # the copy of an earlier version of sf_insights
        shutil.rmtree(room, ignore_errors=True)  # left by a killed process
        room.mkdir(mode=PRIVATE_DIRECTORY)
        with duckdb.connect(config=limits.as_options(before)) as connection:
            connection.execute("SET enable_progress_bar = false")
            connection.execute(f"SET temp_directory = {literal(str(room / 'tmp'))}")
            connection.execute(f"ATTACH {literal(str(file))} AS held (READ_ONLY)")
            connection.execute(f"ATTACH {literal(str(copy))} AS fresh (STORAGE_VERSION {literal(STORAGE_VERSION)})")
            _copy(connection)
            connection.execute("DETACH fresh")
        copy.chmod(file.stat().st_mode & 0o777)
        flush(copy)
        copy.replace(file)
    except (duckdb.Error, OSError) as error:
        logger.warning("%s was not compacted; the next sync tries again: %s", file.name, error)
        return
    finally:
        shutil.rmtree(room, ignore_errors=True)
    logger.info("%s was compacted from %s to %s bytes", file.name, f"{before:,}", f"{file.stat().st_size:,}")


def _copy(connection: duckdb.DuckDBPyConnection) -> None:
    """Copy all of `held` into `fresh`. Small tables keep the order of their rows, in which some of them are read.

    For a large table, keeping it takes nearly twice the time, and more memory.
    """
    connection.execute("COPY FROM DATABASE held TO fresh (SCHEMA)")
    for schema, table, is_small in connection.execute(
        "SELECT schema_name, table_name, estimated_size <= ? FROM duckdb_tables() WHERE database_name = 'held'",
        [_IN_ORDER],
    ).fetchall():
        connection.execute(f"SET preserve_insertion_order = {is_small}")
        name = f"{identifier(schema)}.{identifier(table)}"
        connection.execute(f"INSERT INTO fresh.{name} FROM held.{name}")
