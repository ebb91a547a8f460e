"""What this process waits for, as people are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sf_insights.system.clock import now


@dataclass(frozen=True)
class Waiting:
    """What a run waits for: what is wrong, since when, and until when it keeps trying."""

    what: str
    since: datetime
    until: datetime

    def __str__(self) -> str:
        return f"waiting since {clock(self.since)}, trying until {clock(self.until)}: {self.what}"


def clock(moment: datetime) -> str:
    """A moment as a clock on this machine's wall shows it, with its day when that is not today."""
    local = moment.astimezone()
    day = "" if local.date() == now().astimezone().date() else f"{local:%Y-%m-%d} "
    return f"{day}{local:%H:%M %Z}"
