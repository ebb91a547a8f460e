"""Stop a run reliably on Ctrl-C, SIGTERM or a closed terminal.

Python raises the error of a signal handler at the main thread's current position. In a destructor or a weak-reference
callback Python drops the error, and the run would continue; SQLAlchemy has such callbacks at each event that Dagster
records. So this module records every signal as well, and a run asks for them at points where it can end safely.
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
    """The numbers of received signals; Python writes them to a socket before it runs the handlers.

    When Python drops one of the `errors` that handlers raise, the usual message on the terminal is suppressed.
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
        """Tell whether a signal to stop has arrived, now or earlier."""
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
    """Start recording signals for a run. Only the main thread receives signals; in other threads this does nothing.

    Args:
        errors: the exceptions that the signal handlers raise.
    """
    global _noted
    forget_signals()
    if _is_main_thread():
        _noted = _Noted(errors)
        _noted.begin()


def forget_signals() -> None:
    """Stop recording signals and forget the recorded ones; only cleanup is left to do."""
    global _noted
    if _noted is not None and _is_main_thread():
        _noted.close()
        _noted = None


def refuse_stopped() -> None:
    """End the run here if a signal told it to stop, except while an error is being handled.

    Raises:
        KeyboardInterrupt: a signal arrived, and the error of its handler was dropped.
    """
    if _noted is not None and _is_main_thread() and sys.exc_info()[1] is None and _noted.look():
        raise KeyboardInterrupt


def was_cut_off() -> bool:
    """Tell whether a closed terminal or a shutdown of the machine ended the run, rather than Ctrl-C."""
    return _noted is not None and _noted.look() and signal.SIGINT not in _noted.numbers


def pause(seconds: float) -> None:
    """Sleep, but wake up and raise as `refuse_stopped` does when a signal to stop arrives."""
    if _noted is None or not _is_main_thread() or sys.exc_info()[1] is not None:
        time.sleep(seconds)
        return
    refuse_stopped()
    with selectors.PollSelector() as waiting:  # supports descriptors above 1023, and needs none itself
        waiting.register(_noted.reader, selectors.EVENT_READ)
        waiting.select(seconds)
    refuse_stopped()


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
