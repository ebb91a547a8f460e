"""Ctrl-C, SIGTERM and a closed terminal, none of which a run may miss.

What a signal's handler raises is raised wherever the main thread happens to be. In a destructor, or in the callback of
a weak reference, Python drops it, and the run would go on; SQLAlchemy has such callbacks at each event that Dagster
records. So every signal is noted here beside its handler, and asked for wherever a run can well be ended.
"""

from __future__ import annotations

import selectors
import signal
import socket
import sys
import threading
import time
from contextlib import suppress

_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


class _Noted:
    """The numbers of the signals that came, which Python writes into a socket before it runs their handlers.

    Where Python drops one of the `errors` that handlers raise, it says nothing of it on the terminal.
    """

    def __init__(self, errors: tuple[type[BaseException], ...]) -> None:
        self.reader, self._writer = socket.socketpair()
        self.reader.setblocking(False)
        self._writer.setblocking(False)
        self.numbers: set[int] = set()
        self._errors = errors
        self._hook_before = sys.unraisablehook
        self._wakeup_before = -1

    def begin(self) -> None:
        sys.unraisablehook = self._drop
        self._wakeup_before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def look(self) -> bool:
        """Whether a signal to stop has come, now or earlier."""
        with suppress(BlockingIOError):
            self.numbers |= _SIGNALS.intersection(self.reader.recv(4096))
        return bool(self.numbers)

    def close(self) -> None:
        signal.set_wakeup_fd(self._wakeup_before)
        sys.unraisablehook = self._hook_before
        self.reader.close()
        self._writer.close()

    def _drop(self, dropped: sys.UnraisableHookArgs) -> None:
        if not issubclass(dropped.exc_type, self._errors):
            self._hook_before(dropped)


_noted: _Noted | None = None


def note_signals(errors: tuple[type[BaseException], ...]) -> None:
    """Begin to note signals, for a run of this process. Only the main thread gets any: in others this does nothing.

    Args:
        errors: what the handlers of signals raise.
    """
    global _noted
    forget_signals()
    if _is_main_thread():
        _noted = _Noted(errors)
        _noted.begin()


def forget_signals() -> None:
    """Note no more signals, and forget those that came: what is left of the run is cleaning up."""
    global _noted
    if _noted is not None and _is_main_thread():
        _noted.close()
        _noted = None


def refuse_stopped() -> None:
    """End the run here if it was told to stop. While an error is dealt with it is ending, or about to go on: not then.

    Raises:
        KeyboardInterrupt: a signal came, and what its handler raised was dropped.
    """
    if _noted is not None and _is_main_thread() and sys.exc_info()[1] is None and _noted.look():
        raise KeyboardInterrupt


def was_cut_off() -> bool:
    """Whether a closed terminal or a machine that shuts down ended the run, and nobody pressed Ctrl-C."""
    return _noted is not None and _noted.look() and signal.SIGINT not in _noted.numbers


def pause(seconds: float) -> None:
    """Sleep, but not through a signal to stop; raises as `refuse_stopped` does."""
    if _noted is None or not _is_main_thread() or sys.exc_info()[1] is not None:
        time.sleep(seconds)
        return
    refuse_stopped()
    with selectors.PollSelector() as waiting:  # takes descriptors of any number, and none of its own
        waiting.register(_noted.reader, selectors.EVENT_READ)
        waiting.select(seconds)
    refuse_stopped()


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
