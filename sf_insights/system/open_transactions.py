"""Refuse requests inside a warehouse transaction, since waiting for a server would block all other work."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_open = threading.local()


@contextmanager
def inside_transaction() -> Iterator[None]:
    """Mark this thread as inside a transaction."""
    _open.transactions = _count() + 1
    try:
        yield
    finally:
        _open.transactions -= 1


def refuse_inside_transaction(host: str) -> None:
    """Refuse a request when this thread is inside a transaction.

    Raises:
        RuntimeError: this thread is inside a transaction; this is a programming error.
    """
    if _count():
        raise RuntimeError(f"A request to {host} must not be sent inside a transaction of the warehouse.")


def _count() -> int:
    count: int = getattr(_open, "transactions", 0)
    return count
