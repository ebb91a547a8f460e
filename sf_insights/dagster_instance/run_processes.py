"""Find the runs whose process died. Each run holds its own lock, which the kernel releases when the process ends.

If the process of a run is killed together with Dagster's daemon, the run stays unfinished in Dagster and blocks the
queue.
"""

from __future__ import annotations

import fcntl
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing dagster takes a second; commands that only read do without it
    import dagster as dg

logger = logging.getLogger(__name__)

_SUFFIX = ".run"
_DIED = (
    "The process of this run ended before the run did: it was killed, or the machine stopped. The next sync repairs "
    "what it left."
)


class RunLock:
    """The lock of one run, held from its first step until its last."""

    def __init__(self, data: Path, run_id: str) -> None:
        """Take the lock, on a file in the data directory with the id of the run as its name.

        Raises:
            OSError: the file cannot be written.
        """
        self._made = not data.exists()
        data.mkdir(parents=True, exist_ok=True)
        self._path = data / f"{run_id}{_SUFFIX}"
        new = self._path.with_suffix(".new")
        self._file = os.open(new, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        new.replace(self._path)  # a file with this name is locked from the start

    def release(self) -> None:
        """Remove the file, then release the lock: a file without a lock means that the process died."""
        with suppress(OSError):
            self._path.unlink()
            if self._made:
                self._path.parent.rmdir()  # only if it is empty
        os.close(self._file)


def is_alive(data: Path, run_id: str) -> bool:
    """Tell whether the process of a run holds its lock, on this machine."""
    try:
        file = os.open(data / f"{run_id}{_SUFFIX}", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(file)
    return False


def end_dead_runs(instance: dg.DagsterInstance, data: Path) -> list[str]:
    """Report each run whose process died as failed, or as canceled if it was being stopped; return their ids.

    A run without a file has not begun or runs on another machine, and is not touched.
    """
    ended = []
    for path in sorted(data.glob(f"*{_SUFFIX}")):
        with suppress(OSError):
            file = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(file).st_nlink:  # not removed between opening and locking
                    if _end(instance, path.stem):
                        ended.append(path.stem)
                    path.unlink()
            finally:
                os.close(file)
    return ended


def _end(instance: dg.DagsterInstance, run_id: str) -> bool:
    import dagster as dg

    run = instance.get_run_by_id(run_id)
    if run is None or run.is_finished:
        return False
    if run.status is dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, _DIED)
    else:
        instance.report_run_failed(run, _DIED)
    logger.warning("run %s: %s", run_id, _DIED)
    return True
