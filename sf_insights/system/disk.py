"""What a full or read-only disk means to the person who can mend it, whichever library met it."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

from sf_insights.domain.problems import WarehouseProblem

_FULL = "Make room, and run it again; the last snapshot stays as it was."
_NOT_ALLOWED = (
    "Let the user that runs sf_insights write there, or move the data with SF_INSIGHTS_DATA_DIR; the last snapshot "
    "stays as it was."
)
_BY_NUMBER = {
    errno.ENOSPC: ("The disk is full", _FULL),
    errno.EDQUOT: ("The quota of the disk is used up", _FULL),
    errno.EFBIG: ("A file may not grow so large", _FULL),
    errno.EIO: ("The disk failed", "See whether it is full or broken, and run it again; the last snapshot stays."),
    errno.EROFS: ("The disk is read-only", _NOT_ALLOWED),
    errno.EACCES: ("Writing is not allowed", _NOT_ALLOWED),
    errno.EPERM: ("Writing is not allowed", _NOT_ALLOWED),
}
# DuckDB, polars and SQLite pass on the system's words, or their own, and no number.
_BY_WORDS = {
    "no space left on device": errno.ENOSPC,
    "database or disk is full": errno.ENOSPC,
    "disk i/o error": errno.EIO,  # what SQLite makes of a full disk too
    "disk quota exceeded": errno.EDQUOT,
    "file too large": errno.EFBIG,
    "read-only file system": errno.EROFS,
    "readonly database": errno.EROFS,
    "unable to open database file": errno.EACCES,
    "permission denied": errno.EACCES,
}
_PATH = re.compile(r"""["'](/[^"'\n]+)["']""")


def disk_problem(error: BaseException) -> WarehouseProblem | None:
    """The problem of the disk that lies under an error, None when it is another one."""
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
