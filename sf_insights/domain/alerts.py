"""What is worth telling somebody: changes of state, each once, and not every run that goes on in the same state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

_FALL = 0.05  # of the accounts with a CRM Account ID, from one day to the next


@dataclass(frozen=True)
class Published:
    """What a published sync shows. `match_rate` and the previous day's are shares of the accounts with an id."""

    day: date
    paused: Mapping[str, str]
    new_labels: Mapping[str, str]
    match_rate: float
    previous_match_rate: float | None


# Each subject has one state at a time, such as "failed"; a subject that is not there is well.
States = dict[str, str]


def after_failure(before: Mapping[str, str], day: date | None, reason: str) -> tuple[States, list[str]]:
    """Return the states after a run that failed or was refused, and the lines to send."""
    states = {**before, "sync": "failed"}
    if before.get("sync") == "failed":
        return states, []
    return states, [f"The sync{f' of {day}' if day else ''} failed: {reason}"]


def after_publishing(before: Mapping[str, str], published: Published) -> tuple[States, list[str]]:
    """Return the states after a published sync, and the lines to send."""
    states: States = {}
    lines = []
    if before.get("sync") == "failed":
        lines.append(f"Recovered: the sync of {published.day} is published.")
    for field, reason in published.paused.items():
        states[f"field {field}"] = "paused"
        if before.get(f"field {field}") != "paused":
            lines.append(f"{field} is paused and keeps its last values: {reason}.")
    for subject in before:
        field = subject.removeprefix("field ")
        if field != subject and field not in published.paused:
            lines.append(f"{field} is synced again, or no longer selected.")
    if published.previous_match_rate is not None and published.match_rate < published.previous_match_rate - _FALL:
        states["match rate"] = str(published.day)
        if before.get("match rate") != states["match rate"]:
            lines.append(
                f"The match rate fell from {published.previous_match_rate:.0%} to {published.match_rate:.0%} on "
                f"{published.day}; `sf-insights unmatched` lists why."
            )
    if published.new_labels:
        states["new fields"] = ", ".join(sorted(published.new_labels))
        if before.get("new fields") != states["new fields"]:
            labels = ", ".join(f'{field} as "{label}"' for field, label in sorted(published.new_labels.items()))
            lines.append(f"New fields are visible, with labels to review: {labels}.")
    return states, lines
