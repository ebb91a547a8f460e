"""The selection as the page shows it, and what the form changed in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import AccountField, Category
from sf_insights.domain.fields.masking import MASKED_TYPE, REMEDY, is_masked, warning
from sf_insights.domain.fields.type_names import plain_type
from sf_insights.editing.selection import Selection
from sf_insights.pages.access.guard import Form
from sf_insights.pages.org_catalog import OrgCatalog, Sample
from sf_insights.pages.published import Published


@dataclass(frozen=True)
class Row:
    """One Account field as the page shows it. `type` is the plain name of its type."""

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
    warning: str | None = None
    help_text: str = ""
    picklist: tuple[str, ...] = ()

    @property
    def searched(self) -> str:
        """The text that the search looks in."""
        return f"{self.label} {self.name} {self.help_text}".casefold()


@dataclass(frozen=True)
class Filter:
    """Which rows are shown and in which order: `selected` is "yes", "no", "cannot" or empty for all."""

    text: str = ""
    type: str = ""
    selected: str = ""
    sort: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether every row is shown."""
        return not (self.text.strip() or self.type or self.selected)

    @property
    def column(self) -> str:
        """The column to sort by; selected fields come first without one."""
        return self.sort.removesuffix("-down")

    @property
    def is_descending(self) -> bool:
        return self.sort.endswith("-down")

    def shows(self, row: Row) -> bool:
        if self.text.strip().casefold() not in row.searched or (self.type and row.type != self.type):
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

    def ordered(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows in this order; equal ones by label."""
        by_label = sorted(rows, key=lambda row: (row.label.casefold(), row.name))
        return sorted(by_label, key=ORDERS.get(self.column, ORDERS["selected"]), reverse=self.is_descending)


_KEY_LENGTH = 40


def _words(value: Any) -> str:
    """Return the start of a value in lower case, without its punctuation, to sort by."""
    return " ".join(re.findall(r"[\w\uffff]+", str(value)))[:_KEY_LENGTH].casefold()


# What each column is sorted by. The page's script sorts by the same values.
ORDERS: dict[str, Callable[[Row], Any]] = {
    "selected": lambda row: 0 if row.category else 2 if row.refusal else 1,
    "field": lambda row: row.label.casefold(),
    "type": lambda row: row.type.casefold(),
    "filled": lambda row: -1.0 if row.sample.share is None else row.sample.share,
    "values": lambda row: _words(next(iter(row.sample.values), "\uffff")),
    "becomes": lambda row: "z" if row.refusal else row.category or ("metric" if row.can_be_metric else "attribute"),
    "status": lambda row: row.status or "\uffff",
}


def catalog_of(org: OrgCatalog, published: Published) -> ByApiName[AccountField]:
    """Return the fields to choose from: the org's, or those of the last published sync if the org was never reached."""
    return published.as_known(org.fields.values()) or published.catalog


def rows(org: OrgCatalog, published: Published, selection: Selection) -> list[Row]:
    """Return every field of the org and every selected field."""
    catalog = catalog_of(org, published)
    made = [_row(name, field, selection.get(name), org, published) for name, field in catalog.items()]
    made += [
        _row(published.known.spelling(name), None, category, org, published)
        for name, category in selection.items()
        if name not in catalog
    ]
    return made


def _row(
    name: str, field: AccountField | None, category: Category | None, org: OrgCatalog, published: Published
) -> Row:
    state = published.states.get(name)
    status: str | None = state.status if state else None
    reason = state.status_reason if state else None
    if category and (state is None or state.status == "deselected" or state.category != category):
        status, reason = "pending", None
    if not category and state and state.status != "deselected":
        status, reason = "removed at the next sync", None
    if field is None and status not in ("paused", "pending"):
        reason = reason or "not seen in the org"
    if field is None and (state is None or status == "pending") and catalog_of(org, published):
        status, reason = "unknown", "the org shows no field of this name"
    return Row(
        name=name,
        label=field.label if field else state.salesforce_label if state else name,
        type=plain_type(field.type if field else state.salesforce_type if state else ""),
        is_formula=field.is_formula if field else False,
        sample=sample_of(name, org, published),
        can_be_metric=field.is_numerical if field else category == "metric",
        refusal=field.refusal if field else None,
        category=category,
        status=status,
        status_reason=reason,
        warning=_mask_warning(name, field, org, published),
        help_text=(field.help_text or "") if field else "",
        picklist=field.picklist if field else (),
    )


def _mask_warning(name: str, field: AccountField | None, org: OrgCatalog, published: Published) -> str | None:
    """Return the warning for an encrypted field, judged by the value that the page shows."""
    if field is None or field.type != MASKED_TYPE:
        return None
    value = next(iter(sample_of(name, org, published).values), None)
    said = warning(name, None if value is None else is_masked(str(value)))
    return said and f"{said} {REMEDY}"


def mask_warnings(names: Iterable[str], org: OrgCatalog, published: Published) -> list[str]:
    """Return the warnings for the encrypted fields among these."""
    catalog = catalog_of(org, published)
    known = [catalog[name] for name in names if name in catalog]
    return [said for field in known if (said := _mask_warning(field.name, field, org, published))]


def sample_of(name: str, org: OrgCatalog, published: Published) -> Sample:
    """Return the sample of a field: exact for a synced field, else from the org's sample."""
    return published.samples.get(name) or org.samples.get(name) or Sample()


def changed_selection(before: Selection, form: Form) -> Selection:
    """Return the selection changed by the rows that the form showed; other fields stay."""
    selection = ByApiName(before)
    selected = set(form.all("selected"))
    for name in form.all("shown"):
        if name not in selected:
            selection.pop(name, None)
        else:
            selection[name] = "metric" if form.one(f"as.{name}") == "metric" else "attribute"
    return selection


def with_all_shown(selection: Selection, shown: Iterable[Row], *, select: bool) -> Selection:
    """Return the selection with every shown field selected or deselected, apart from those that cannot be synced."""
    changed = ByApiName(selection)
    for row in shown:
        if not select:
            changed.pop(row.name, None)
        elif row.refusal is None and row.name not in changed:
            changed[row.name] = "attribute"
    return changed
