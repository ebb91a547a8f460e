"""Import many modules quickly, and do not look for one that is missing again and again."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec


@contextmanager
def importing() -> Iterator[None]:
    """Import modules in this block without the garbage collector, and keep what they made out of its later searches.

    Use it for imports alone: what becomes garbage before the end of the block is never found.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def remember_missing(module: str) -> None:
    """If a module is not installed, let each later import of it in this process fail without looking at the disk."""
    if find_spec(module) is None:
        sys.modules[module] = None  # type: ignore[assignment]  # what the import system has for such a module
