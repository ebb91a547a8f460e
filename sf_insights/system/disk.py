"""Turn errors of the disk, from any library, into problems that say what to fix."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

from sf_insights.domain.problems import WarehouseProblem

_FULL = "Free some space and run again; the last snapshot is unchanged."
_NOT_ALLOWED = (
    "Give the user that runs sf_insights write access, or move the data with SF_INSIGHTS_DATA_DIR; the last snapshot "
    "is unchanged."
)
_BY_NUMBER = {
    errno.ENOSPC: ("The disk is full", _FULL),
    errno.EDQUOT: ("The disk quota is used up", _FULL),
    errno.EFBIG: ("A file has reached its size limit", _FULL),
    errno.EIO: (
        "The disk failed",
        "Check whether it is full or broken, and run again; the last snapshot is unchanged.",
    ),
    errno.EROFS: ("The disk is read-only", _NOT_ALLOWED),
    errno.EACCES: ("Writing is not allowed", _NOT_ALLOWED),
    errno.EPERM: ("Writing is not allowed", _NOT_ALLOWED),
}
# DuckDB, polars and SQLite report a text without the error number.
_BY_WORDS = {
    "no space left on device": errno.ENOSPC,
    "database or disk is full": errno.ENOSPC,
    "disk i/o error": errno.EIO,  # SQLite reports this for a full disk too
    "disk quota exceeded": errno.EDQUOT,
    "file too large": errno.EFBIG,
    "read-only file system": errno.EROFS,
    "readonly database": errno.EROFS,
    "unable to open database file": errno.EACCES,
    "permission denied": errno.EACCES,
}
_PATH = re.compile(r"""["'](/[^"'\n]+)["']""")


def disk_problem(error: BaseException) -> WarehouseProblem | None:
    """Return the disk problem that caused an error, or None if the disk did not cause it."""
    for cause in _causes(error):
        number = cause.errno if isinstance(cause, OSError) else _by_words(str(cause))
        if number in _BY_NUMBER:
            what, remedy = _BY_NUMBER[number]
            place = _place(cause)
            return WarehouseProblem(what + (f": {place} cannot be written." if place else "."), remedy)
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        error = error.__cause__ or error.__context__


def _by_words(text: str) -> int | None:
    said = text.lower()
    return next((number for words, number in _BY_WORDS.items() if words in said), None)


def _place(error: BaseException) -> str | None:
    if isinstance(error, OSError) and error.filename:
        return str(error.filename)
    found = _PATH.search(str(error))
    return found[1] if found else None
