"""Copies of closed DuckDB files, put where they belong in one step."""

from __future__ import annotations

import glob
import os
import shutil
from pathlib import Path

PRIVATE = 0o600


def replace_file(file: Path, target: Path, mode: int) -> None:
    """Put a copy of a closed DuckDB file in the place of another, in one step and for good.

    Whoever has the old file open keeps it. Only one process at a time may write to a target.
    """
    copy = target.with_name(f".{target.name}.{os.getpid()}")
    for half_written in target.parent.glob(f".{glob.escape(target.name)}.*"):  # by a process that was killed meanwhile
        half_written.unlink(missing_ok=True)
    try:
        shutil.copyfile(file, copy)
        _flush(copy)
        copy.chmod(mode)
        # A write-ahead log beside the target, left by somebody who once opened it for writing, would make the new file
        # unreadable.
        target.with_name(target.name + ".wal").unlink(missing_ok=True)
        copy.replace(target)
    finally:
        copy.unlink(missing_ok=True)
    _flush(target.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
