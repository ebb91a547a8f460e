"""What one sync does with each selected field: reads it, lets it wait with a reason, or is refused."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sf_insights.domain.configuration import SelectedField
from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import AccountField, Category, ColumnType
from sf_insights.domain.problems import ConfigurationProblem


@dataclass(frozen=True)
class KnownField:
    """What the warehouse remembers of a field from earlier syncs.

    `column` is the type its values are stored in, None when it was only ever seen in the catalog or is deselected.
    """

    name: str
    label: str
    type: str
    column: ColumnType | None = None


@dataclass(frozen=True)
class PlannedField:
    """What one sync does with one selected field: read it, or leave it paused for a reason a person understands."""

    field: AccountField
    category: Category
    description: str | None = None
    paused_because: str | None = None

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def is_read(self) -> bool:
        return self.paused_because is None


def plan_fields(
    selection: Iterable[SelectedField],
    org: Mapping[str, AccountField],
    known: Mapping[str, KnownField],
) -> list[PlannedField]:
    """Decide for each selected field what this sync does with it.

    Args:
        selection: the entries of the file, duplicates already refused.
        org: the fields that describe shows now, by API name, spelled as they are known.
        known: what earlier syncs saw, by API name.

    Raises:
        ConfigurationProblem: a field the org never had, or one that can never be what the entry asks for.
    """
    shown, remembered = ByApiName(org), ByApiName(known)
    return [_plan_field(entry, shown.get(entry.field), remembered.get(entry.field), org) for entry in selection]


def _plan_field(
    entry: SelectedField, now: AccountField | None, before: KnownField | None, org: Mapping[str, AccountField]
) -> PlannedField:
    if now is None:
        if before is None:
            raise ConfigurationProblem(
                f"fields: Account has no field {entry.field} that the integration user may see.",
                _nearest(entry.field, org),
            )
        vanished = AccountField(name=before.name, label=before.label, type=before.type)
        return PlannedField(vanished, entry.category, entry.description, _vanished(before, org))
    if before and before.column and before.column.widened(now.column) is None:
        return PlannedField(
            now,
            entry.category,
            entry.description,
            f"its type changed from {before.type} to {now.type}; to take the new type, deselect it, sync, "
            "and select it again on a later day",
        )
    if now.refusal:
        parts = sorted(name for name, field in org.items() if field.compound_field == now.name and field != now)
        raise ConfigurationProblem(
            f"fields: {now.name} cannot be synchronized: {now.refusal}.",
            f"Its parts: {', '.join(parts)}." if parts else "",
        )
    if entry.category == "metric" and not now.is_numerical:
        raise ConfigurationProblem(
            f"fields: {now.name} cannot be a metric: its type is {now.type}.",
            "Only int, long, double, currency and percent fields can; leave `as:` out to make it an attribute.",
        )
    return PlannedField(now, entry.category, entry.description)


def _vanished(before: KnownField, org: Mapping[str, AccountField]) -> str:
    reason = (
        "it is not visible in Salesforce any more: it was removed or renamed, or the integration user lost read access "
        "to it (field-level security)"
    )
    twin = [field.name for field in org.values() if field.label == before.label and field.type == before.type]
    return f"{reason}; {twin[0]} has the same label and type now" if twin else reason


def nearest_names(name: str, names: Iterable[str]) -> list[str]:
    """At most three of the names that somebody who wrote this one may have meant, the nearest first."""
    lowered = {candidate.casefold(): candidate for candidate in names}
    return [lowered[near] for near in difflib.get_close_matches(name.casefold(), lowered, n=3, cutoff=0.6)]


def _nearest(name: str, org: Mapping[str, AccountField]) -> str:
    if near := nearest_names(name, org):
        return (
            f"Did you mean {' or '.join(near)}? If the name is right, give the integration user read access to the "
            "field (field-level security)."
        )
    return (
        "`sf-insights fields` lists those that it may see; if the name is right, give the user read access to the "
        "field (field-level security)."
    )
