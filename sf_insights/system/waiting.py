"""What a run waits for, as shown to people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sf_insights.system.clock import now


@dataclass(frozen=True)
class Waiting:
    """A wait of a run: what is wrong, since when, and until when it keeps trying."""

    what: str
    since: datetime
    until: datetime

    def __str__(self) -> str:
        return f"waiting since {clock(self.since)}, trying until {clock(self.until)}: {self.what}"


def clock(moment: datetime) -> str:
    """Format a moment in this machine's time zone, with its date unless it is today."""
    local = moment.astimezone()
    day = "" if local.date() == now().astimezone().date() else f"{local:%Y-%m-%d} "
    return f"{day}{local:%H:%M %Z}"
