"""Processes of a test's own that start at once: forks of a process that has imported Dagster, which takes two seconds.

They can be stopped and killed like other processes. Tests of commands and of imports start new interpreters instead.
"""

from __future__ import annotations

import multiprocessing
import os
import pty
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import IO

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    # The storages import SQLAlchemy and Alembic, which Dagster does only when it opens its databases.
    ["sf_insights.definitions", "sf_insights.runs", "sf_insights.cli", "dagster._core.storage.sqlite_storage"]
)
_COMMAND = """
import os, sys
os.chdir(sys.argv.pop(1))
from sf_insights.cli import main
main(prog_name="sf-insights")
"""
_SECONDS = 120


class Forked:
    """A process that runs Python code as `python -c` does, in the test's environment; `output` is what it prints."""

    def __init__(self, code: str, *arguments: str) -> None:
        reader, writer = _CONTEXT.Pipe(duplex=False)
        self.output: IO[str] = os.fdopen(os.dup(reader.fileno()), encoding="utf-8")
        self._process = _started(code, arguments, dict(os.environ), writer, (1, 2))
        reader.close()

    def signal(self, number: int) -> None:
        """Send a signal, if the process still runs."""
        if self._process.is_alive():
            assert self._process.pid is not None
            os.kill(self._process.pid, number)

    def ended(self, seconds: float = _SECONDS) -> int | None:
        """Wait until the process has ended and return its exit code, -9 for SIGKILL; None if it still runs."""
        self._process.join(seconds)
        return self._process.exitcode

    def close(self) -> None:
        """Kill the process if it still runs."""
        self._process.kill()
        self._process.join()
        self.output.close()


@contextmanager
def forked(code: str, *arguments: str) -> Iterator[Forked]:
    """Run code in a process of its own, which does not outlive the block."""
    process = Forked(code, *arguments)
    try:
        yield process
    finally:
        process.close()


def finished(code: str, *arguments: str) -> tuple[int, str]:
    """Run code to its end; return its exit code, -9 for SIGKILL, and what it printed to both streams."""
    with forked(code, *arguments) as process:
        said = process.output.read()
        code_of_exit = process.ended()
        assert code_of_exit is not None, said
        return code_of_exit, said


def commanded(at: Path, *arguments: str) -> tuple[int, str]:
    """Run `sf-insights` with these arguments in a directory; return what `finished` does."""
    return finished(_COMMAND, str(at), *arguments)


def on_terminal(at: Path, environment: dict[str, str], *arguments: str, seconds: float) -> bytes:
    """Run `sf-insights` with these arguments in a directory on a terminal; return all that it printed there."""
    mine, its = pty.openpty()
    process = _started(_COMMAND, (str(at), *arguments), environment, Connection(its), (0, 1, 2))
    said, deadline = b"", time.monotonic() + seconds
    try:
        while time.monotonic() < deadline and (part := os.read(mine, 65_536)):
            said += part
    except OSError:
        pass  # Linux signals the end of the output this way
    finally:
        os.close(mine)
        process.join(max(0.0, deadline - time.monotonic()))
        process.kill()
        process.join()
    return said


def _started(
    code: str, arguments: tuple[str, ...], environment: dict[str, str], end: Connection, streams: tuple[int, ...]
) -> ForkServerProcess:
    """Start a process whose standard streams with these numbers are one end of a pipe or a terminal."""
    process: ForkServerProcess = _CONTEXT.Process(target=_run, args=(code, arguments, environment, end, streams))
    process.start()
    end.close()
    return process


def _run(
    code: str, arguments: tuple[str, ...], environment: dict[str, str], end: Connection, streams: tuple[int, ...]
) -> None:
    os.setpgid(0, 0)
    for stream in streams:
        os.dup2(end.fileno(), stream)
    end.close()
    # Python's own streams know the files of the process that was forked, and stdin is closed.
    if 0 in streams:
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    sys.argv = ["-c", *arguments]
    exec(compile(code, "<test>", "exec"), {"__name__": "__main__"})  # noqa: S102  # the test's own code
