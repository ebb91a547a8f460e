"""A note beside the warehouse that says which process holds its lock, and what that process is waiting for."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from sf_insights.system.clock import now
from sf_insights.system.durable import write_note
from sf_insights.system.waiting import Waiting, clock


class HolderNote:
    """The note of the process that holds the lock. The next holder overwrites the note of a dead process.

    If the note cannot be written, for example because the disk is full, the lock is held without it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._content: dict[str, Any] = {}

    def write(self, purpose: str) -> None:
        """Note that this process holds the lock from now on."""
        self._content = {"pid": os.getpid(), "purpose": purpose, "since": now().isoformat(timespec="seconds")}
        self._replace()

    def waits(self, waiting: Waiting | None) -> None:
        """Note what this process is waiting for; None when it no longer waits."""
        self._content["waiting"] = waiting and asdict(waiting)
        self._replace()

    def remove(self) -> None:
        """Remove the note, because this process releases the lock."""
        with suppress(OSError):
            self._path.unlink()

    def describe(self) -> str:
        """Return who holds the lock, since when, and what that process is waiting for, from its note."""
        try:
            holder = json.loads(self._path.read_text(encoding="utf-8"))
            since = clock(datetime.fromisoformat(holder["since"]))
            text = f"{holder['purpose']} is running since {since} (process {holder['pid']})"
            if waiting := holder.get("waiting"):
                moments = {name: datetime.fromisoformat(waiting[name]) for name in ("since", "until")}
                text += f", {Waiting(waiting['what'], **moments)}"
            return text
        except (OSError, ValueError, KeyError, TypeError):
            return "another process holds its lock"

    def _replace(self) -> None:
        with suppress(OSError):
            write_note(self._path, json.dumps(self._content, default=datetime.isoformat))
