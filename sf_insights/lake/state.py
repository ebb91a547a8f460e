"""A note beside the warehouse with the state of the lake, for `status` and the pages, which do not ask the lake."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from sf_insights.system.durable import write_note

_NAME = "lake.json"
_ALL_ORGS_NAME = "all_orgs.json"  # in the directory of the installation


@dataclass(frozen=True)
class LakeState:
    """What the lake shows: a sync of a day since a moment, None before the first publication.

    The table across orgs has only the moment, since each org in it has a sync and a day of its own.

    `problem` says why it could not be published since then, or is empty.
    """

    sync: int | None = None
    day: date | None = None
    published_at: datetime | None = None
    problem: str = ""


def read_state(data: Path) -> LakeState:
    """Return the state of the lake of a home, as its last publication left it."""
    return _read(data / _NAME)


def read_all_orgs(installation: Path) -> LakeState:
    """Return the state of the table across orgs, as its last publication left it."""
    return _read(installation / _ALL_ORGS_NAME)


def _read(file: Path) -> LakeState:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        day, moment = content["day"], content["published_at"]
        return LakeState(
            content["sync"],
            day and date.fromisoformat(day),
            moment and datetime.fromisoformat(moment),
            content["problem"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return LakeState()


def note_published(data: Path, sync: int, day: date, moment: datetime) -> None:
    """Note that the lake shows a sync since a moment."""
    _note(data / _NAME, LakeState(sync, day, moment))


def note_problem(data: Path, problem: str) -> None:
    """Note why the lake could not be published; it keeps what it shows."""
    before = read_state(data)
    _note(data / _NAME, LakeState(before.sync, before.day, before.published_at, problem))


def note_all_orgs(installation: Path, moment: datetime | None, problem: str) -> None:
    """Note that the table across orgs was written at a moment, None if it was not, and what is wrong with it."""
    state = LakeState(published_at=moment or read_all_orgs(installation).published_at, problem=problem)
    _note(installation / _ALL_ORGS_NAME, state)


def _note(file: Path, state: LakeState) -> None:
    with suppress(OSError):  # the next publication notes it
        write_note(file, json.dumps(asdict(state), default=str))
