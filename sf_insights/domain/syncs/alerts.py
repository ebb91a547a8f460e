"""Decide which alerts to send: one for each change of state, none for a run that leaves the state as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

MOST_UNSENT = 50
_FALL = 0.05  # a fall of the match rate from one day to the next that causes an alert
_FIELD = "field "
_LABEL = "label "
_OUTBOUND = "outbound"
_LAKE = "lake"
_ALL_ORGS = "all orgs"
_OUTBOUND_FIELD = "outbound field "


@dataclass(frozen=True)
class Published:
    """What a publication shows to analysts.

    `brings_sync` is false when only labels were published, and no new sync. `match_rate` and `previous_match_rate` are
    from ops.match_rate, of this day and of the synced day before.
    """

    day: date
    brings_sync: bool
    paused: Mapping[str, str]
    new_labels: Mapping[str, str]
    match_rate: float
    previous_match_rate: float | None


# The state of each subject, such as "failed"; a subject without a problem is absent.
States = dict[str, str]


@dataclass(frozen=True)
class Unsent:
    """A line that waits to be delivered, and the time of the event it reports."""

    text: str
    since: datetime

    def as_told(self, moment: datetime) -> str:
        """Return the line to send at a moment; it mentions a delay of a minute or more."""
        if (moment - self.since).total_seconds() < 60:
            return self.text
        return f"{self.text} (Delayed: from {self.since:%Y-%m-%d %H:%M} UTC, when it could not be delivered.)"


@dataclass(frozen=True)
class Ledger:
    """The last known state of each subject, and the lines not yet delivered, oldest first.

    `dropped` counts the lines that were discarded because too many were waiting.
    """

    states: States = field(default_factory=dict)
    unsent: tuple[Unsent, ...] = ()
    dropped: int = 0

    def noting(self, states: States, lines: Iterable[str], moment: datetime) -> Ledger:
        """Return the ledger with new states, and with the lines that report them added to the undelivered ones."""
        waiting = (*self.unsent, *(Unsent(line, moment) for line in lines))
        return Ledger(states, waiting[-MOST_UNSENT:], self.dropped + max(0, len(waiting) - MOST_UNSENT))

    def without(self, line: Unsent) -> Ledger:
        """Return the ledger without a line that was delivered."""
        return replace(self, unsent=tuple(waiting for waiting in self.unsent if waiting is not line))

    def as_json(self) -> dict[str, Any]:
        """Return the ledger as JSON for its file."""
        unsent = [{"text": line.text, "since": line.since.isoformat()} for line in self.unsent]
        return {"states": self.states, "unsent": unsent, "dropped": self.dropped}

    @classmethod
    def from_json(cls, value: Any) -> Ledger:
        """Read a ledger from its file's JSON; files of an earlier version contain only the states.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: the value is not a ledger.
        """
        if "states" not in value:
            return cls({str(subject): str(state) for subject, state in value.items()})
        unsent = tuple(Unsent(str(line["text"]), datetime.fromisoformat(line["since"])) for line in value["unsent"])
        return cls(dict(value["states"]), unsent, int(value["dropped"]))


def after_failure(before: Mapping[str, str], day: date | None, reason: str) -> tuple[States, list[str]]:
    """Return the states and the lines to send after a sync that failed or was refused."""
    states = {**before, "sync": "failed"}
    if before.get("sync") == "failed":
        return states, []
    return states, [f"The sync{f' of {day}' if day else ''} failed: {reason}"]


def after_publishing(before: Mapping[str, str], published: Published) -> tuple[States, list[str]]:
    """Return the states and the lines to send after a publication."""
    states: States = {
        subject: state for subject, state in before.items() if subject == _LAKE or subject.startswith(_OUTBOUND)
    }
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
    # Report a new field once on its day, even if its label is changed and changed back later that day.
    told = {subject: day for subject, day in before.items() if subject.startswith(_LABEL) and day == str(published.day)}
    new = {name: label for name, label in sorted(published.new_labels.items()) if _LABEL + name not in told}
    states |= told | {_LABEL + name: str(published.day) for name in new}
    if new:
        labels = ", ".join(f'{name} as "{label}"' for name, label in new.items())
        lines.append(f"New fields are visible, with labels to review: {labels}.")
    return states, lines


def after_outbound(
    before: Mapping[str, str], failure: str | None, paused: Mapping[str, str] | None
) -> tuple[States, list[str]]:
    """Return the states and the lines to send after an outbound run.

    Args:
        before: the states before it.
        failure: why it ended early; None if it did all it was to do.
        paused: the fields that are paused, with the reasons; None if that is not known.
    """
    states: States = {
        subject: state for subject, state in before.items() if subject != _OUTBOUND and not _is_outbound_field(subject)
    }
    lines = []
    if failure is not None:
        states[_OUTBOUND] = "failed"
        if before.get(_OUTBOUND) != "failed":
            lines.append(f"Values were not sent to Salesforce: {failure}")
    elif before.get(_OUTBOUND) == "failed":
        lines.append("Recovered: values are sent to Salesforce again.")
    if paused is None:
        return states | {subject: state for subject, state in before.items() if _is_outbound_field(subject)}, lines
    for name, reason in paused.items():
        states[_OUTBOUND_FIELD + name] = "paused"
        if _OUTBOUND_FIELD + name not in before:
            lines.append(f"{name} is not sent to Salesforce any more: {reason}.")
    before_paused = [subject.removeprefix(_OUTBOUND_FIELD) for subject in before if _is_outbound_field(subject)]
    lines += [
        f"{name} is sent to Salesforce again, or no longer mapped." for name in before_paused if name not in paused
    ]
    return states, lines


def after_lake(before: Mapping[str, str], failure: str | None) -> tuple[States, list[str]]:
    """Return the states and the lines to send after a publication into the lake; `failure` is None if it worked."""
    return _after(before, _LAKE, failure, "The lake was not published", "the lake is published again")


def after_all_orgs(before: Mapping[str, str], failure: str | None) -> tuple[States, list[str]]:
    """Return the states and the lines to send after the table across orgs; `failure` is None if all orgs are in it."""
    told = "The table across orgs is not up to date", "the table across orgs is up to date again"
    return _after(before, _ALL_ORGS, failure, *told)


def _after(
    before: Mapping[str, str], subject: str, failure: str | None, failed: str, recovered: str
) -> tuple[States, list[str]]:
    states: States = {other: state for other, state in before.items() if other != subject}
    if failure is None:
        return states, [f"Recovered: {recovered}."] if subject in before else []
    states[subject] = "failed"
    return states, [] if subject in before else [f"{failed}: {failure}"]


def _is_outbound_field(subject: str) -> bool:
    return subject.startswith(_OUTBOUND_FIELD)
