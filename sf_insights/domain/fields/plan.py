"""Decide what a sync does with each selected field: read it, pause it with a reason, or refuse the selection."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import AccountField, Category, ColumnType
from sf_insights.domain.problems import ConfigurationProblem

if TYPE_CHECKING:  # the whole of the settings takes a tenth of a second to import
    from sf_insights.domain.configuration import SelectedField


@dataclass(frozen=True)
class KnownField:
    """What the warehouse knows about a field from earlier syncs.

    `column` is the type in which its values are stored, None when it was never selected or is deselected. `help_text`
    is the one that Salesforce last showed.
    """

    name: str
    label: str
    type: str
    column: ColumnType | None = None
    is_formula: bool = False
    help_text: str | None = None


@dataclass(frozen=True)
class PlannedField:
    """What one sync does with one selected field: read it, or pause it for the reason `paused_because`."""

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
        selection: the entries of the file, without duplicates.
        org: the fields that describe shows now, by API name in the known spelling.
        known: the fields of earlier syncs, by API name.

    Raises:
        ConfigurationProblem: the org never had the field, or it cannot be what the entry asks for.
    """
    shown, remembered = ByApiName(org), ByApiName(known)
    return [_plan_field(entry, shown.get(entry.field), remembered.get(entry.field), org) for entry in selection]


def _plan_field(
    entry: SelectedField, now: AccountField | None, before: KnownField | None, org: Mapping[str, AccountField]
) -> PlannedField:
    if now is None:
        if before is None:
            raise ConfigurationProblem(
                f"fields: Account has no field {entry.field} that the integration user can see.",
                _nearest(entry.field, org),
            )
        vanished = AccountField(
            before.name, before.label, before.type, is_formula=before.is_formula, help_text=before.help_text
        )
        return PlannedField(vanished, entry.category, entry.description, _vanished(before, org))
    # A type that cannot be synced has no column of its own, even if its values look like text.
    if before and before.column and (now.refusal or before.column.widened(now.column) is None):
        return PlannedField(
            now,
            entry.category,
            entry.description,
            f"its type changed from {before.type} to {now.type}; {_remedy(now)}",
        )
    if now.refusal:
        parts = sorted(name for name, field in org.items() if field.compound_field == now.name and field != now)
        raise ConfigurationProblem(
            f"fields: {now.name} cannot be synced: {now.refusal}.",
            f"Its parts: {', '.join(parts)}." if parts else "",
        )
    if entry.category == "metric" and not now.is_numerical:
        raise ConfigurationProblem(
            f"fields: {now.name} cannot be a metric: its type is {now.type}.",
            "Only int, long, double, currency and percent fields can; leave `as:` out to make it an attribute.",
        )
    return PlannedField(now, entry.category, entry.description)


def _remedy(retyped: AccountField) -> str:
    if retyped.refusal:
        return f"it cannot be synced any more, because {retyped.refusal}; deselect it"
    return "to use the new type, deselect it, sync, and select it again on a later day"


def _vanished(before: KnownField, org: Mapping[str, AccountField]) -> str:
    reason = (
        "it is no longer visible in Salesforce: it was removed or renamed, or the integration user lost read access to "
        "it (field-level security)"
    )
    twin = [field.name for field in org.values() if field.label == before.label and field.type == before.type]
    return f"{reason}; {twin[0]} has the same label and type now" if twin else reason


def nearest_names(name: str, names: Iterable[str]) -> list[str]:
    """Return up to three names that are similar to this one, the most similar first."""
    lowered = {candidate.casefold(): candidate for candidate in names}
    return [lowered[near] for near in difflib.get_close_matches(name.casefold(), lowered, n=3, cutoff=0.6)]


def _nearest(name: str, org: Mapping[str, AccountField]) -> str:
    if near := nearest_names(name, org):
        return (
            f"Did you mean {' or '.join(near)}? If the name is right, give the integration user read access to the "
            "field (field-level security)."
        )
    return (
        "`sf-insights fields` lists those that it can see. If the name is right, give the user read access to the "
        "field (field-level security)."
    )
