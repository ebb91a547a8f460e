"""How the state of each field changes from one complete sync to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sf_insights.domain.fields.field_types import AccountField, Category
from sf_insights.domain.fields.plan import PlannedField
from sf_insights.domain.fields.statuses import VISIBLE, Status


@dataclass(frozen=True)
class FieldState:
    """One row of insights.fields. Dates are days of syncs; timestamps are in UTC."""

    field: str
    category: Category
    data_type: str
    format: str | None
    places: int | None
    salesforce_type: str
    salesforce_label: str
    description: str | None
    is_formula: bool
    status: Status
    status_reason: str | None
    status_since: date
    first_synced_at: datetime | None
    last_synced_at: datetime | None
    past: str | None = None  # where its values are that analysts do not see
    display_format: str | None = None  # how pages show its values; the administrator's choice
    is_archived: bool | None = None  # synced, but hidden from the labelled views

    @property
    def is_visible(self) -> bool:
        """Whether analysts see the field: it is active or paused, and so was synced at least once."""
        return self.status in VISIBLE


@dataclass(frozen=True)
class FieldEvent:
    """A change of a field's state in one sync."""

    field: str
    event: str
    detail: str


def next_states(
    previous: Mapping[str, FieldState],
    plan: Sequence[PlannedField],
    day: date,
    stamp: datetime,
    earlier_syncs: Mapping[tuple[str, Category], tuple[datetime, datetime]],
) -> tuple[list[FieldState], list[FieldEvent]]:
    """Return the states of all fields after this sync, and the events that led to them.

    Args:
        previous: the states after the last complete sync of an earlier day, by field.
        plan: what this sync did with each selected field.
        day: the sync's day.
        stamp: when the sync opened.
        earlier_syncs: when each field was first and last synced in each category, for fields that return to one.
    """
    states: list[FieldState] = []
    events: list[FieldEvent] = []
    planned = {field.name for field in plan}
    for field in plan:
        before = previous.get(field.name)
        after = _state(field, before, day, stamp, earlier_syncs.get((field.name, field.category), (None, None)))
        states.append(after)
        events += _events(before, after)
    for before in previous.values():
        if before.field not in planned:
            after = before
            if before.status != "deselected":
                after = replace(before, status="deselected", status_reason=None, status_since=day)
                events.append(
                    FieldEvent(before.field, "deselected", "select it again and its history and label return")
                )
            states.append(after)
    return sorted(states, key=lambda state: state.field.casefold()), events


def _state(
    planned: PlannedField,
    before: FieldState | None,
    day: date,
    stamp: datetime,
    earlier: tuple[datetime | None, datetime | None],
) -> FieldState:
    same_category = before is not None and before.category == planned.category
    first_synced_at, last_synced_at = (
        (before.first_synced_at, before.last_synced_at) if before and same_category else earlier
    )
    if planned.is_read:
        status: Status = "active"
        first_synced_at, last_synced_at = first_synced_at or stamp, stamp
    else:
        status = "paused" if first_synced_at else "pending"
    unchanged = before is not None and same_category and before.status == status
    return FieldState(
        field=planned.name,
        category=planned.category,
        **_description(planned.field, before if not planned.is_read else None),
        description=description_of(planned.field, planned.description),
        status=status,
        status_reason=planned.paused_because,
        status_since=before.status_since if before and unchanged else day,
        first_synced_at=first_synced_at,
        last_synced_at=last_synced_at,
    )


def description_of(field: AccountField, said: str | None) -> str | None:
    """Return the description of a field: what the settings file says, or else the last help text from Salesforce.

    It does not depend on earlier states, so that each sync of a day comes to the same description.
    """
    return said or field.help_text


def _description(field: AccountField, kept: FieldState | None) -> dict[str, Any]:
    """The type and label of the field. A paused field keeps those from when its values were last read."""
    if kept is not None:
        names = ("data_type", "format", "places", "salesforce_type", "salesforce_label", "is_formula")
        return {name: getattr(kept, name) for name in names}
    return {
        "data_type": field.data_type,
        "format": field.format,
        "places": field.places,
        "salesforce_type": field.type,
        "salesforce_label": field.label,
        "is_formula": field.is_formula,
    }


def _new_status(before: FieldState, after: FieldState) -> tuple[str, str]:
    """Return the event of a field whose status changed, and its detail."""
    match after.status:
        case "paused":
            return "paused", after.status_reason or ""
        case "active" if before.status == "deselected":
            return "reselected", f"as {after.category}"
        case "active" if before.status == "pending":
            return "activated", f"first synced, as {after.category}"
        case "active":
            return "resumed", f"was paused from {before.status_since}: {before.status_reason}"
    return "pending", after.status_reason or ""


def _events(before: FieldState | None, after: FieldState) -> list[FieldEvent]:
    def event(name: str, detail: str) -> FieldEvent:
        return FieldEvent(after.field, name, detail)

    if before is None:
        if after.status == "active":
            return [event("activated", f"first synced, as {after.category}")]
        return [event("pending", after.status_reason or "not synced yet")]
    events = []
    if before.category != after.category:
        events.append(event(f"became_{after.category}", f"was {before.category}; each category keeps its own history"))
    if before.status != after.status:
        events.append(event(*_new_status(before, after)))
    for name, attribute in (("salesforce_label_changed", "salesforce_label"), ("type_changed", "salesforce_type")):
        old, new = getattr(before, attribute), getattr(after, attribute)
        if old != new:
            events.append(event(name, f"from {old} to {new}"))
    if after.is_formula and not before.is_formula:
        events.append(
            event(
                "became_formula",
                "Salesforce now calculates its values, and they can change without a save of the account",
            )
        )
    return events
