"""A note of the last text of the administrator's file that was valid: validating it takes longer than all of `status`.

The note is beside the warehouse. It says when syncs are due, and that the file has none of the settings that it leaves
out. Without a note, or after any change of the file or of this package, the file is validated again.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING

from sf_insights.domain.syncs.schedule import DailyTime
from sf_insights.settings.environment import Places
from sf_insights.system.durable import write_note

if TYPE_CHECKING:  # takes a tenth of a second to import
    from sf_insights.domain.configuration import AccountFieldSync

_NAME = "valid_settings.json"


def noted_daily_time(places: Places) -> DailyTime | None:
    """Return when syncs are due if the file is the noted one, and nothing is sent to Salesforce or into a lake."""
    try:
        noted = json.loads((places.data / _NAME).read_text(encoding="utf-8"))
        is_same = (noted["version"], noted["text"]) == (version("sf-insights"), _text(places))
        return DailyTime(**noted["daily"]) if is_same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def note_valid(places: Places, text: str, configuration: AccountFieldSync) -> None:
    """Note that a file with this text is valid, unless it has settings that the note leaves out."""
    if configuration.outbound is None and configuration.publish_to is None:
        daily = DailyTime(configuration.enabled, configuration.timezone, configuration.daily_at)
        with suppress(OSError):  # this user may not write here
            note = {"version": version("sf-insights"), "text": text, "daily": asdict(daily)}
            write_note(places.data / _NAME, json.dumps(note), is_private=True)


def text_of(places: Places) -> str | None:
    """Return the present text of the file; None if it cannot be read or is not text."""
    with suppress(OSError, UnicodeDecodeError):
        return _text(places)
    return None


def _text(places: Places) -> str:
    return places.configuration.read_text(encoding="utf-8")
