"""Write files durably: private from the first byte, flushed to disk, replaced in one step."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PRIVATE = 0o600
PRIVATE_DIRECTORY = 0o700
_POLL_SECONDS = 0.02


def create_private(file: Path) -> None:
    """Create an empty file that only this user can read, for any umask. An existing file is removed first."""
    file.unlink(missing_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))


def write_when_missing(text: str, target: Path) -> None:
    """Write a file unless it exists. Other processes see the whole file or none; a file of theirs stays."""
    if target.exists():
        return
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        _link(part, target)
    finally:
        part.unlink(missing_ok=True)


def _link(part: Path, target: Path) -> None:
    try:
        target.hardlink_to(part)
    except FileExistsError:
        pass
    except OSError:  # the file system has no hard links
        part.replace(target)


def flush(path: Path) -> None:
    """Flush a file, or the entries of a directory, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_note(file: Path, text: str, *, is_private: bool = False) -> None:
    """Write a small file in one step: other processes read the old text or the new one. Not flushed to disk."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        if is_private:
            create_private(part)
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def remove_unfinished_notes(file: Path) -> None:
    """Remove what processes that were killed in `write_note` left of this file."""
    for part in file.parent.glob(f".{file.name}.*.part"):
        process = part.name.split(".")[-2]
        if process.isdecimal() and not _lives(int(process)):
            part.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


def replace_content(file: Path, content: bytes) -> None:
    """Replace the content of an existing file durably in one step; its mode and owner stay.

    Allow only one writer at a time with `locked_directory`: the temporary file next to it has a fixed name.
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
    """Give a file the owner and group of `before`, as far as this user is allowed to."""
    now = file.stat()
    if now.st_gid != before.st_gid:
        with suppress(PermissionError):
            os.chown(file, -1, before.st_gid)
    if now.st_uid != before.st_uid:
        with suppress(PermissionError):
            os.chown(file, before.st_uid, -1)


@contextmanager
def locked_directory(directory: Path, wait_seconds: float) -> Iterator[None]:
    """Lock a directory against all other threads and processes that lock it with this function.

    The directory itself is locked, since another user might be unable to open a lock file. On file systems without
    such locks, such as some network ones, this does nothing.

    Raises:
        TimeoutError: another thread or process held the lock for `wait_seconds`.
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
        os.close(descriptor)  # releases the lock


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # the file system does not support locks
        return True
    return True
