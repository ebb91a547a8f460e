"""No request is sent inside a transaction of the warehouse: waiting for a server would hold everything else up."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_open = threading.local()


@contextmanager
def inside_transaction() -> Iterator[None]:
    """Note that this thread works inside a transaction."""
    _open.transactions = _count() + 1
    try:
        yield
    finally:
        _open.transactions -= 1


def refuse_inside_transaction(host: str) -> None:
    """See that this thread may send a request.

    Raises:
        RuntimeError: it is inside a transaction, which is a fault of the code and not of the server.
    """
    if _count():
        raise RuntimeError(f"A request to {host} was about to be sent inside a transaction of the warehouse.")


def _count() -> int:
    count: int = getattr(_open, "transactions", 0)
    return count
