"""A disk of a few megabytes that a test can fill, empty and make read-only."""

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_CHUNK = 1 << 16


class SmallDisk:
    """A separate tmpfs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    @classmethod
    @contextmanager
    def mounted(cls, path: Path, megabytes: int) -> Iterator["SmallDisk"]:
        """Mount the disk; only root can, so otherwise the test is skipped."""
        path.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("a small disk is a mount, which needs root")
        try:
            yield cls(path)
        finally:
            subprocess.run(["umount", "--lazy", str(path)], check=True)

    def fill(self, leaving: int = 0) -> None:
        """Use all space except `leaving` bytes."""
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while file.write(b"\0" * _CHUNK):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
            file.truncate(max(0, file.tell() - leaving))

    def make_room(self) -> None:
        self._ballast.unlink()

    def forbid_writing(self) -> None:
        self._remount("ro")

    def allow_writing(self) -> None:
        self._remount("rw")

    def _remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.path)], check=True)
