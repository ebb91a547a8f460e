"""The states and events of the fields, from the list of complete days."""

from dataclasses import replace
from datetime import date
from typing import Any

from sf_insights_tests.model.records import Day, State


def states_of(days: list[Day], until: date = date.max) -> tuple[dict[str, State], list[dict[str, Any]]]:
    """Return every field selected on a complete day before `until`, and its events."""
    states: dict[str, State] = {}
    events: list[dict[str, Any]] = []
    read: dict[tuple[str, str], list[date]] = {}
    for day in (known for known in days if known.date < until):
        happened: list[tuple[str, str]] = []
        for planned in day.plan:
            before, key = states.get(planned.name), (planned.name, planned.category)
            if planned.is_read:
                read.setdefault(key, []).append(day.date)
            stamps = read.get(key, [])
            status = "active" if planned.is_read else "paused" if stamps else "pending"
            is_same = before and (before.category, before.status) == (planned.category, status)
            after = State(
                planned.category,
                status,
                has_reason=not planned.is_read,
                since=before.since if before and is_same else day.date,
                # A paused field keeps its values and their description.
                shown=planned.shown if planned.is_read or not before else before.shown,
                first=stamps[0] if stamps else None,
                last=stamps[-1] if stamps else None,
            )
            states[planned.name] = after
            happened += [(planned.name, event) for event in _events(before, after)]
        for name in states.keys() - {planned.name for planned in day.plan}:
            if states[name].status != "deselected":
                states[name] = replace(states[name], status="deselected", has_reason=False, since=day.date)
                happened.append((name, "deselected"))
        events += [{"date": day.date, "field": name, "event": event} for name, event in happened]
    return states, events


def _events(before: State | None, after: State) -> list[str]:
    if before is None:
        return ["activated" if after.status == "active" else "pending"]
    events = []
    if before.category != after.category:
        events.append(f"became_{after.category}")
    if before.status != after.status:
        if after.status == "active":
            events.append({"deselected": "reselected", "pending": "activated", "paused": "resumed"}[before.status])
        else:
            events.append(after.status)
    if before.shown.label != after.shown.label:
        events.append("salesforce_label_changed")
    if before.shown.type != after.shown.type:
        events.append("type_changed")
    return events
