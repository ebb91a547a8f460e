"""Copies of closed DuckDB files, put where they belong in one step."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

PRIVATE = 0o600


def replace_file(file: Path, target: Path, mode: int, complete: Callable[[Path], None] = lambda _: None) -> None:
    """Put a copy of a closed DuckDB file in the place of another, in one step and for good.

    Whoever has the old file open keeps it. `complete` may change the copy before it is put there.
    """
    # Whoever copies holds the warehouse's lock, so what a killed process left under this name is nobody's any more.
    copy = target.with_name(f".{target.name}.part")
    log = copy.with_name(copy.name + ".wal")
    try:
        log.unlink(missing_ok=True)
        shutil.copyfile(file, copy)
        complete(copy)
        _flush(copy)
        copy.chmod(mode)
        # A write-ahead log beside the target, left by somebody who once opened it for writing, would make the new file
        # unreadable.
        target.with_name(target.name + ".wal").unlink(missing_ok=True)
        copy.replace(target)
    finally:
        copy.unlink(missing_ok=True)
        log.unlink(missing_ok=True)
    _flush(target.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
