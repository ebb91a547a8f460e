"""Back up the warehouse, and restore it from a backup or the published snapshot."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import duckdb

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.system.clock import now
from sf_insights.system.durable import PRIVATE
from sf_insights.warehouse.copies import damage, log_of, replace_file
from sf_insights.warehouse.versions import SCHEMA_VERSION
from sf_insights.warehouse.warehouse import Warehouse


def back_up(warehouse: Warehouse, file: Path) -> None:
    """Write a copy of the warehouse to a new file.

    Raises:
        ConfigurationProblem: the file already exists, or cannot be written.
        WarehouseProblem: there is no warehouse, part of it cannot be read, or a sync holds it.
    """
    if file.exists():
        raise ConfigurationProblem(f"{file} already exists.", "Name another file; backups are never overwritten.")
    warehouse.refuse_missing()
    warehouse.open("sf-insights backup")
    try:
        replace_file(warehouse.checkpointed(), file, mode=PRIVATE, limits=warehouse.limits)
    except OSError as error:
        raise ConfigurationProblem(f"{file} cannot be written: {error.strerror}.", "Name another file.") from None
    finally:
        warehouse.close()


def restore(warehouse: Warehouse, file: Path) -> Path | None:
    """Replace the warehouse with a copy; return the path that the old file was moved to, None if there was none.

    Raises:
        ConfigurationProblem: the file does not exist or is not a copy of a warehouse.
        WarehouseProblem: part of the file cannot be read, or a sync holds the warehouse.
    """
    if not file.exists():
        raise ConfigurationProblem(f"{file} does not exist.", "Name a file that `sf-insights backup` wrote.")
    if warehouse.path.exists() and file.samefile(warehouse.path):
        raise ConfigurationProblem(f"{file} is the warehouse itself.", "Name a copy of it.")
    _refuse_unusable(file)
    aside = warehouse.path.with_name(f"{warehouse.path.stem}.before-restore-{now():%Y%m%dT%H%M%S%f}.duckdb")
    warehouse.hold("sf-insights restore")
    try:
        # Move the old file only when the copy is complete, and move it back if replacing it fails.
        replace_file(
            file,
            warehouse.path,
            mode=PRIVATE,
            limits=warehouse.limits,
            complete=lambda _: _move(warehouse.path, aside),
        )
    except BaseException:
        if not warehouse.path.exists():
            _move(aside, warehouse.path)
        raise
    finally:
        warehouse.close()
    return aside if aside.exists() else None


def _move(file: Path, target: Path) -> None:
    """Rename a database, if it exists, together with its write-ahead log, which may contain its last changes."""
    for old, new in ((file, target), (log_of(file), log_of(target))):
        with suppress(FileNotFoundError):
            old.rename(new)


def _refuse_unusable(file: Path) -> None:
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            [(version,)] = connection.execute("SELECT schema_version FROM ops.warehouse").fetchall()
    except (duckdb.Error, ValueError) as error:
        raise damage(file, error) or ConfigurationProblem(
            f"{file} is not a copy of a warehouse.",
            "Name a file that `sf-insights backup` wrote, or a published account_insights.duckdb.",
        ) from None
    if version > SCHEMA_VERSION:
        raise ConfigurationProblem(f"{file} was written by a newer sf_insights.", "Upgrade sf_insights first.")
