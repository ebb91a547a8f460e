"""What is worth telling somebody: changes of state, each once, and not every run that goes on in the same state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

MOST_UNSENT = 50
_FALL = 0.05  # of the accounts with a CRM Account ID, from one day to the next
_FIELD = "field "
_LABEL = "label "


@dataclass(frozen=True)
class Published:
    """What a published sync shows.

    `brings_sync` is whether it brings analysts a sync that they did not have before, and not labels alone. `match_rate`
    and the previous day's are those of ops.match_rate.
    """

    day: date
    brings_sync: bool
    paused: Mapping[str, str]
    new_labels: Mapping[str, str]
    match_rate: float
    previous_match_rate: float | None


# Each subject has one state at a time, such as "failed"; a subject that is not there is well.
States = dict[str, str]


@dataclass(frozen=True)
class Unsent:
    """A line that waits to be delivered, and when what it tells came about."""

    text: str
    since: datetime

    def as_told(self, moment: datetime) -> str:
        """The line as it is sent at a moment: one that comes a day or an hour late says so."""
        if (moment - self.since).total_seconds() < 60:
            return self.text
        return f"{self.text} (This is of {self.since:%Y-%m-%d %H:%M} UTC and could not be delivered then.)"


@dataclass(frozen=True)
class Ledger:
    """What has been told or waits to be: the state of each subject, and the lines not delivered, oldest first.

    `dropped` counts the lines that were given up because too many waited.
    """

    states: States = field(default_factory=dict)
    unsent: tuple[Unsent, ...] = ()
    dropped: int = 0

    def noting(self, states: States, lines: Iterable[str], moment: datetime) -> Ledger:
        """The ledger with new states, and the lines that tell of them waiting to be delivered."""
        waiting = (*self.unsent, *(Unsent(line, moment) for line in lines))
        return Ledger(states, waiting[-MOST_UNSENT:], self.dropped + max(0, len(waiting) - MOST_UNSENT))

    def without(self, line: Unsent) -> Ledger:
        """The ledger after a line was delivered."""
        return replace(self, unsent=tuple(waiting for waiting in self.unsent if waiting is not line))

    def as_json(self) -> dict[str, Any]:
        """The ledger as its file holds it."""
        unsent = [{"text": line.text, "since": line.since.isoformat()} for line in self.unsent]
        return {"states": self.states, "unsent": unsent, "dropped": self.dropped}

    @classmethod
    def from_json(cls, value: Any) -> Ledger:
        """What a file holds; one of an earlier version has the states alone.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: it is not a ledger.
        """
        if "states" not in value:
            return cls({str(subject): str(state) for subject, state in value.items()})
        unsent = tuple(Unsent(str(line["text"]), datetime.fromisoformat(line["since"])) for line in value["unsent"])
        return cls(dict(value["states"]), unsent, int(value["dropped"]))


def after_failure(before: Mapping[str, str], day: date | None, reason: str) -> tuple[States, list[str]]:
    """Return the states after a sync that failed or was refused, and the lines to send."""
    states = {**before, "sync": "failed"}
    if before.get("sync") == "failed":
        return states, []
    return states, [f"The sync{f' of {day}' if day else ''} failed: {reason}"]


def after_publishing(before: Mapping[str, str], published: Published) -> tuple[States, list[str]]:
    """Return the states after a publication, and the lines to send."""
    states: States = {}
    lines = []
    if before.get("sync") == "failed":
        if published.brings_sync:
            lines.append(f"Recovered: the sync of {published.day} is published.")
        else:
            states["sync"] = "failed"
    for name, reason in published.paused.items():
        states[_FIELD + name] = "paused"
        if before.get(_FIELD + name) != "paused":
            lines.append(f"{name} is paused and keeps its last values: {reason}.")
    for subject in before:
        name = subject.removeprefix(_FIELD)
        if name != subject and name not in published.paused:
            lines.append(f"{name} is synced again, or no longer selected.")
    if published.previous_match_rate is not None and published.match_rate < published.previous_match_rate - _FALL:
        states["match rate"] = str(published.day)
        if before.get("match rate") != states["match rate"]:
            lines.append(
                f"The match rate fell from {published.previous_match_rate:.0%} to {published.match_rate:.0%} on "
                f"{published.day}; `sf-insights unmatched` lists why."
            )
    # A field is new on one day; told once, it stays told on that day, also when its label is changed and changed back.
    told = {subject: day for subject, day in before.items() if subject.startswith(_LABEL) and day == str(published.day)}
    new = {name: label for name, label in sorted(published.new_labels.items()) if _LABEL + name not in told}
    states |= told | {_LABEL + name: str(published.day) for name in new}
    if new:
        labels = ", ".join(f'{name} as "{label}"' for name, label in new.items())
        lines.append(f"New fields are visible, with labels to review: {labels}.")
    return states, lines
