"""A lock on a file, which the operating system releases when its process dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

_POLL_SECONDS = 0.05
_MODE = 0o666  # less what the umask takes away


class FileLock:
    """Holds a file against every other lock of it, of this process or of others. The file stays when it is released."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def is_held(self) -> bool:
        return self._descriptor is not None

    def acquire(self, wait_seconds: float = 0, poll_seconds: float = _POLL_SECONDS) -> None:
        """Take the lock; do nothing if this object holds it.

        Raises:
            TimeoutError: another one held it for `wait_seconds`.
            OSError: the file cannot be opened, or the file system has no locks.
        """
        deadline = time.monotonic() + wait_seconds
        while not (self.is_held or self._take()):
            if time.monotonic() >= deadline:
                raise TimeoutError(f"{self.path.name} is locked")
            time.sleep(poll_seconds)

    def release(self) -> None:
        """Release the lock; do nothing if this object does not hold it."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def _take(self) -> bool:
        descriptor = self._opened()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException as error:
            os.close(descriptor)
            if isinstance(error, BlockingIOError | PermissionError):  # some network file systems say the latter
                return False
            raise
        self._descriptor = descriptor
        return True

    def _opened(self) -> int:
        flags = os.O_RDWR | os.O_NOFOLLOW
        try:
            return os.open(self.path, flags | os.O_CREAT, _MODE)
        except PermissionError:  # in a directory such as /tmp, only its owner may open a file to create it
            if not self.path.exists():
                raise
            return os.open(self.path, flags)
