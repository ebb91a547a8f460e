"""Ending a command that serves something: by Ctrl-C, by SIGTERM, or with its terminal."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class _Stopped(Exception):
    """A signal asks this process to end."""


@contextmanager
def until_stopped() -> Iterator[None]:
    """Leave the block when a signal asks for it, also where a shell had SIGINT ignored.

    A server that runs inside may take SIGINT and SIGTERM for itself meanwhile.
    """

    def stop(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)  # once is enough: the rest is cleaning up
        raise _Stopped

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as it is under nohup
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    except _Stopped:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
