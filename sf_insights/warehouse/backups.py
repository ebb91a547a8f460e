"""Back up the warehouse, and restore it from a backup or the published snapshot."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import duckdb

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.system.clock import now
from sf_insights.system.durable import PRIVATE, create_private, flush
from sf_insights.warehouse.copies import damage, log_of, replace_file, replay_log
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
    """Replace the warehouse with a copy; return the path where the old file is kept, None if there was none.

    A kill leaves the old warehouse or the new one in place, never none.

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
        _forget_unfinished(warehouse.path)
        if log_of(warehouse.path).exists():
            with suppress(duckdb.Error):  # a damaged warehouse keeps its log
                replay_log(warehouse.path, warehouse.limits)
        old = _identity(warehouse.path)
        try:
            replace_file(
                file,
                warehouse.path,
                mode=PRIVATE,
                limits=warehouse.limits,
                before_replacing=lambda: _keep(warehouse.path, aside),
            )
        except BaseException:
            if _identity(warehouse.path) == old:
                _undo(warehouse.path, aside)
            raise
    finally:
        warehouse.close()
    return aside if aside.exists() else None


def _keep(file: Path, aside: Path) -> None:
    """Give a database, if it exists, a second name that stays when another file replaces it.

    Its write-ahead log, which may contain its last changes, comes first: the database has its second name only when it
    is complete there.
    """
    if not file.exists():
        return
    for old, kept in ((log_of(file), log_of(aside)), (file, aside)):
        if old.exists():
            _link(old, kept)
    flush(aside.parent)


def _link(old: Path, kept: Path) -> None:
    try:
        kept.hardlink_to(old)
    except OSError:  # the file system has no hard links
        create_private(kept)
        shutil.copyfile(old, kept)
        flush(kept)


def _undo(file: Path, aside: Path) -> None:
    """Remove the second name of a database that was not replaced, and give it back its write-ahead log."""
    if log_of(aside).exists() and not log_of(file).exists():
        log_of(aside).rename(log_of(file))
    for kept in (aside, log_of(aside)):
        kept.unlink(missing_ok=True)


def _forget_unfinished(file: Path) -> None:
    """Remove the second names of the present warehouse, which a restore left that was killed before its last step."""
    for aside in file.parent.glob(f"{file.stem}.before-restore-*.duckdb"):
        names = (aside, file), (log_of(aside), log_of(file))
        if all(_identity(kept) == _identity(old) for kept, old in names):
            for kept, _ in names:
                kept.unlink(missing_ok=True)


def _identity(file: Path) -> tuple[int, int] | None:
    """Return what only the names of one file have in common; None if it does not exist."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


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
