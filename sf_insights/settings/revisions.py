"""What the administrator's file said before each change: when, who changed it, and its whole text."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sf_insights.system.clock import now
from sf_insights.system.durable import PRIVATE, create_private, flush

MOST_REVISIONS = 500
_author: ContextVar[str | None] = ContextVar("author", default=None)


@dataclass(frozen=True)
class Revision:
    """The file's text since a moment.

    `by` names the person; None if an editor or another program changed the file, and for its first text.
    """

    number: int
    at: datetime
    by: str | None
    text: str


@contextmanager
def edited_by(name: str) -> Iterator[None]:
    """Name the author of the edits in this block. Without it, the author is the user who runs the process."""
    before = _author.set(name)
    try:
        yield
    finally:
        _author.reset(before)


def present_author() -> str:
    """Return who edits here, to name them as the author of an edit that another thread makes later."""
    return _author.get() or f"{_user()}, with a command"


def revisions_of(configuration: Path) -> list[Revision]:
    """Return the revisions of a file, oldest first, including changes that were made outside of our own edits.

    A revision that a crash cut off is left out. A missing file has only its noted revisions.
    """
    found = _noted(_file_of(configuration))
    with suppress(OSError, UnicodeDecodeError):
        found += _unnoted(configuration, found)
    return found


def keep_present_text(configuration: Path) -> None:
    """Keep the file's text, in case someone changed it outside of our own edits. Call it before an edit.

    Raises:
        OSError: the file cannot be read, or its revisions cannot be written.
    """
    known = _noted(_file_of(configuration))
    _add(configuration, known, _unnoted(configuration, known))


def note_edit(configuration: Path) -> None:
    """Note that this process has just written the file.

    Raises:
        OSError: as `keep_present_text`.
    """
    known = _noted(_file_of(configuration))
    author = present_author()
    _add(configuration, known, [replace(edit, at=now(), by=author) for edit in _unnoted(configuration, known)])


def _add(configuration: Path, known: list[Revision], new: list[Revision]) -> None:
    if not new:
        return
    file = _file_of(configuration)
    if len(known) + len(new) > MOST_REVISIONS:
        _rewrite(file, [*known, *new][-MOST_REVISIONS // 2 :])
        return
    if not file.exists():
        create_private(file)
    with file.open("ab") as lines:
        lines.write(b"".join(map(_line, new)))
        lines.flush()
        os.fsync(lines.fileno())


def _unnoted(configuration: Path, known: list[Revision]) -> list[Revision]:
    """Return the file's present text as a revision if it is not the last one."""
    text = configuration.read_bytes().decode("utf-8-sig")
    if known and known[-1].text == text:
        return []
    changed = datetime.fromtimestamp(configuration.stat().st_mtime, UTC)
    return [Revision((known[-1].number if known else 0) + 1, changed, None, text)]


def _file_of(configuration: Path) -> Path:
    return configuration.resolve().with_suffix(".revisions")


def _noted(file: Path) -> list[Revision]:
    try:
        lines = file.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        with suppress(ValueError, TypeError, KeyError):
            held = json.loads(line)
            found.append(Revision(held["number"], datetime.fromisoformat(held["at"]), held["by"], held["text"]))
    return found


def _rewrite(file: Path, revisions: list[Revision]) -> None:
    part = file.with_name(f".{file.name}.part")
    create_private(part)
    part.write_bytes(b"".join(map(_line, revisions)))
    part.chmod(PRIVATE)
    flush(part)
    part.replace(file)
    flush(file.parent)


def _line(revision: Revision) -> bytes:
    # A line break first ends a line that a crash cut off.
    return b"\n" + json.dumps(asdict(revision) | {"at": revision.at.isoformat()}).encode() + b"\n"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return f"user {os.getuid()}"
