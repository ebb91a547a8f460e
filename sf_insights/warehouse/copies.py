"""Copy closed DuckDB files: check the copy for damage, then replace the target in one step."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from pathlib import Path

import duckdb

from sf_insights.domain.problems import WarehouseProblem, WarehouseUnusable
from sf_insights.settings.database_limits import DatabaseLimits
from sf_insights.sql import identifier
from sf_insights.system.durable import create_private, flush
from sf_insights.warehouse.versions import STORAGE_VERSION

_SIGNS_OF_DAMAGE = ("corrupt database", "stored checksum", "could not read enough bytes")


def replace_file(
    file: Path,
    target: Path,
    mode: int,
    limits: DatabaseLimits,
    complete: Callable[[duckdb.DuckDBPyConnection], None] | None = None,
    just_read: Collection[str] = (),
    *,
    reads_while_copying: bool = False,
    before_replacing: Callable[[], None] = lambda: None,
) -> None:
    """Replace a file with a copy of a closed DuckDB file, durably and in one step.

    Programs that have the old file open keep it. If the file has a write-ahead log, the copy contains its changes;
    a file that is read while it is copied has none.

    Args:
        file: the file to copy. To detect damage, every column of every table is read in the copy.
        target: the file to replace.
        mode: the permissions of the target.
        limits: what DuckDB may use to read the copy.
        complete: called with a connection to the copy before it replaces the target; changes the copy. Without it,
            the copy is only read.
        just_read: tables, as schema.table, that the caller has just read in full; they are not read again.
        reads_while_copying: whether to read the file itself while it is copied, which saves time; for a copy on the
            same disk.
        before_replacing: called when the copy is complete and on disk, while the target is still the old file.

    Raises:
        WarehouseProblem: part of the file cannot be read; the target is unchanged.
    """
    from concurrent.futures import ThreadPoolExecutor  # commands that only read do without it

    # The caller holds the warehouse's lock, so a file with this name was left by a killed process.
    copy = target.with_name(f".{target.name}.part")
    log = log_of(copy)
    try:
        log.unlink(missing_ok=True)
        create_private(copy)  # other users cannot read it until it has its final mode
        if reads_while_copying:
            with ThreadPoolExecutor(1, thread_name_prefix="copy") as pool:
                copied = pool.submit(shutil.copyfile, file, copy)
                _refuse_damaged(file, file, limits, just_read)
            copied.result()
        else:
            shutil.copyfile(file, copy)
            if log_of(file).exists():
                create_private(log)
                shutil.copyfile(log_of(file), log)
                replay_log(copy, limits)
            _refuse_damaged(copy, file, limits, just_read)
        if complete is not None:
            _complete(copy, limits, complete)
        flush(copy)
        copy.chmod(mode)
        before_replacing()
        # A write-ahead log of the old target, left by a program that opened it for writing, would make the new file
        # unreadable.
        log_of(target).unlink(missing_ok=True)
        copy.replace(target)
    finally:
        copy.unlink(missing_ok=True)
        log.unlink(missing_ok=True)
    flush(target.parent)


def _refuse_damaged(file: Path, of: Path, limits: DatabaseLimits, just_read: Collection[str]) -> None:
    """Read every column of every table, because DuckDB detects a damaged block only when it reads it."""
    try:
        with duckdb.connect(str(file), read_only=True, config=limits.as_options(size_of(file))) as connection:
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


def replay_log(file: Path, limits: DatabaseLimits) -> None:
    """Bring the changes of a database's write-ahead log into the file, which is then whole without it."""
    _complete(file, limits, lambda _: None)


def _complete(copy: Path, limits: DatabaseLimits, complete: Callable[[duckdb.DuckDBPyConnection], None]) -> None:
    config = limits.as_options(size_of(copy)) | {"storage_compatibility_version": STORAGE_VERSION}
    with duckdb.connect(str(copy), config=config) as connection:
        complete(connection)
        connection.execute("CHECKPOINT")


def log_of(file: Path) -> Path:
    """Return the path of a database's write-ahead log, which holds its last changes if it was not closed."""
    return file.with_name(file.name + ".wal")


def size_of(file: Path) -> int:
    """Return the size of a file in bytes, 0 if there is none."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def unreadable(file: Path, error: duckdb.Error) -> WarehouseProblem:
    """Return the error for a file that DuckDB cannot open."""
    return damage(file, error) or WarehouseProblem(
        f"{file.name} cannot be opened: {str(error).splitlines()[0].rstrip('.! ')}.",
        "Close other programs that have it open (analysts open account_insights.duckdb instead), or restore the file "
        "from a backup if it is damaged.",
    )


def damage(file: Path, error: BaseException) -> WarehouseProblem | None:
    """Return the error for a damaged file; None if `error` does not mean damage."""
    if not isinstance(error, duckdb.Error) or not any(sign in str(error).lower() for sign in _SIGNS_OF_DAMAGE):
        return None
    return WarehouseUnusable(
        f"{file} is damaged: {str(error).splitlines()[0].rstrip('.! ')}.",
        "No file was replaced. If this is the warehouse, run `sf-insights restore FILE` with a backup or the published "
        "account_insights.duckdb; if it is account_insights.duckdb, run `sf-insights publish`; if it is a backup, use "
        "another one.",
    )
