"""Files written to last: private from their first byte, on the disk before they count, replaced in one step."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PRIVATE = 0o600
PRIVATE_DIRECTORY = 0o700
_POLL_SECONDS = 0.02


def create_private(file: Path) -> None:
    """Make an empty file that only this user can read, with any umask; one that was there is removed first."""
    file.unlink(missing_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))


def copy_when_missing(source: Path, target: Path) -> None:
    """Copy a file to where none is yet; others see all of it or nothing, and what one of them put there stays."""
    if target.exists():
        return
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        shutil.copyfile(source, part)
        _link(part, target)
    finally:
        part.unlink(missing_ok=True)


def _link(part: Path, target: Path) -> None:
    try:
        target.hardlink_to(part)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        part.replace(target)


def flush(path: Path) -> None:
    """Wait until a file, or the names in a directory, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_content(file: Path, content: bytes) -> None:
    """Give a file that exists another content, in one step and for good; its mode and its owner stay.

    One writer at a time, see `locked_directory`: the new content is written beside the file under a fixed name.
    """
    before = file.stat()
    part = file.with_name(f".{file.name}.part")
    try:
        create_private(part)
        part.write_bytes(content)
        _give_to(part, before)
        part.chmod(before.st_mode & 0o7777)
        flush(part)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    flush(file.parent)


def _give_to(file: Path, before: os.stat_result) -> None:
    """Give a file the owner and the group of another, as far as this user may."""
    now = file.stat()
    if now.st_gid != before.st_gid:
        with suppress(PermissionError):
            os.chown(file, -1, before.st_gid)
    if now.st_uid != before.st_uid:
        with suppress(PermissionError):
            os.chown(file, before.st_uid, -1)


@contextmanager
def locked_directory(directory: Path, wait_seconds: float) -> Iterator[None]:
    """Keep a directory to this thread, against all others that ask for the same, in this process and in others.

    The directory itself is locked, so that no lock file is left that another user could not open. A file system
    without such locks (some network ones) locks nothing.

    Raises:
        TimeoutError: somebody else kept it for `wait_seconds`.
    """
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        deadline = time.monotonic() + wait_seconds
        while not _is_locked(descriptor):
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)  # gives the lock back


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # the file system knows no such locks
        return True
    return True
