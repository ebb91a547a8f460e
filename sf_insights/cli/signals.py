"""Stopping a command that serves something: by Ctrl-C, by SIGTERM, or when its terminal closes."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class _Stopped(Exception):
    """A signal asks this process to end."""


@contextmanager
def until_stopped() -> Iterator[None]:
    """Leave the block when a signal asks for it, even if the shell ignores SIGINT.

    A server inside the block may handle SIGINT and SIGTERM itself.
    """

    def stop(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)  # do not interrupt the cleanup
        raise _Stopped

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # ignored under nohup
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    except _Stopped:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
