"""The selection as a page shows it, and what a person changed in it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sf_insights.domain.field_types import AccountField, Category
from sf_insights.domain.selection import AccountFieldSync, plan_fields
from sf_insights.pages.guard import Forms
from sf_insights.pages.org_catalog import OrgCatalog, Sample
from sf_insights.pages.published import Published
from sf_insights.resources.settings import ConfigurationFile

Selection = dict[str, Category]


@dataclass(frozen=True)
class Row:
    """One Account field as the page shows it."""

    name: str
    label: str
    type: str
    is_formula: bool
    sample: Sample
    can_be_metric: bool
    refusal: str | None
    category: Category | None
    status: str | None
    status_reason: str | None


@dataclass(frozen=True)
class Filter:
    """Which rows are shown: `selected` is "yes", "no", "cannot" or empty for all."""

    text: str = ""
    type: str = ""
    selected: str = ""

    def shows(self, row: Row) -> bool:
        if self.text and not any(self.text.casefold() in text.casefold() for text in (row.name, row.label)):
            return False
        if self.type and row.type != self.type:
            return False
        match self.selected:
            case "yes":
                return row.category is not None
            case "no":
                return row.category is None and row.refusal is None
            case "cannot":
                return row.refusal is not None
            case _:
                return True


def catalog_of(org: OrgCatalog, published: Published) -> Mapping[str, AccountField]:
    """The fields to choose from: the org's, or those of the last published sync while the org was never reached."""
    return org.fields or published.catalog


def selection_of(configuration: AccountFieldSync) -> Selection:
    """What the file selects."""
    return {entry.field: entry.category for entry in configuration.fields}


def rows(org: OrgCatalog, published: Published, selection: Mapping[str, Category]) -> list[Row]:
    """Every field of the org, and every selected one, by label."""
    catalog = catalog_of(org, published)
    chosen = {name.casefold(): (name, category) for name, category in selection.items()}
    known = {name.casefold() for name in catalog}
    made = [
        _row(name, field, chosen.get(name.casefold(), ("", None))[1], org, published) for name, field in catalog.items()
    ]
    made += [_row(name, None, category, org, published) for key, (name, category) in chosen.items() if key not in known]
    return sorted(made, key=lambda row: (row.label.casefold(), row.name))


def _row(
    name: str, field: AccountField | None, category: Category | None, org: OrgCatalog, published: Published
) -> Row:
    state = next((state for key, state in published.states.items() if key.casefold() == name.casefold()), None)
    status: str | None = state.status if state else None
    reason = state.status_reason if state else None
    if category and (state is None or state.status == "deselected" or state.category != category):
        status, reason = "pending", None
    if not category and state and state.status != "deselected":
        status, reason = "leaves at the next sync", None
    if field is None and status not in ("paused", "pending"):
        reason = reason or "not seen in the org"
    if field is None and (state is None or status == "pending") and catalog_of(org, published):
        status, reason = "unknown", "the org does not show such a field"
    return Row(
        name=name,
        label=field.label if field else state.salesforce_label if state else name,
        type=field.type if field else state.salesforce_type if state else "",
        is_formula=field.is_formula if field else False,
        sample=published.samples.get(name) or org.samples.get(name) or Sample(),
        can_be_metric=field.is_numerical if field else category == "metric",
        refusal=field.refusal if field else None,
        category=category,
        status=status,
        status_reason=reason,
    )


def changed_selection(before: Mapping[str, Category], form: Forms) -> Selection:
    """The selection with what the form says of the rows that it showed; the others stay."""
    selection = dict(before)
    names = {name.casefold(): name for name in before}
    selected = set(form.all("selected"))
    for shown in form.all("shown"):
        name = names.get(shown.casefold(), shown)
        if shown not in selected:
            selection.pop(name, None)
        else:
            selection[name] = "metric" if form.one(f"as.{shown}") == "metric" else "attribute"
    return selection


@dataclass(frozen=True)
class Change:
    """What saving would do: what is selected and deselected in words, and the file's lines."""

    file: ConfigurationFile
    added: list[tuple[str, Category]]
    removed: list[str]
    moved: list[tuple[str, Category]]
    lines: list[tuple[str, str]]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.moved)


def proposed(
    file: ConfigurationFile, selection: Mapping[str, Category], org: OrgCatalog, published: Published
) -> Change:
    """The file as it would be, validated as a sync validates it.

    Raises:
        ConfigurationProblem: what is asked for cannot be.
    """
    edited = file.with_selection(selection)
    if catalog := catalog_of(org, published):
        plan_fields(edited.configuration.fields, catalog, published.known)
    return difference(file, edited)


def difference(file: ConfigurationFile, edited: ConfigurationFile) -> Change:
    """What lies between two states of the file."""
    before = {entry.field.casefold(): entry for entry in file.configuration.fields}
    after = {entry.field.casefold(): entry for entry in edited.configuration.fields}
    return Change(
        edited,
        added=[(entry.field, entry.category) for key, entry in after.items() if key not in before],
        removed=[entry.field for key, entry in before.items() if key not in after],
        moved=[
            (entry.field, entry.category)
            for key, entry in after.items()
            if key in before and before[key].category != entry.category
        ],
        lines=diff_lines(file.text, edited.text),
    )


def diff_lines(before: str, after: str) -> list[tuple[str, str]]:
    """A unified diff as (kind, line): kind is "add", "del", "same" or "gap"."""
    kinds = {"+": "add", "-": "del", " ": "same"}
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]
    return [("gap", "⋯") if line.startswith("@@") else (kinds[line[0]], line[1:]) for line in lines]


def next_sync(configuration: AccountFieldSync, moment: datetime) -> datetime:
    """When the schedule starts the next sync after this moment, in the configured time zone."""
    hour, minute = (int(part) for part in configuration.daily_at.split(":"))
    local = moment.astimezone(configuration.zone)
    today = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today if today > local else today + timedelta(days=1)


def facts_of(configuration: AccountFieldSync, moment: datetime) -> dict[str, Any]:
    """What every page says of the schedule."""
    return {
        "enabled": configuration.enabled,
        "cron": configuration.cron,
        "zone": configuration.timezone,
        "next": next_sync(configuration, moment),
    }
