"""The selection as the page shows it, and what the form changed in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import AccountField, Category
from sf_insights.domain.fields.masking import MASKED_TYPE, REMEDY, is_masked, warning
from sf_insights.editing.selection import Selection
from sf_insights.pages.access.guard import Form
from sf_insights.pages.org_catalog import OrgCatalog, Sample
from sf_insights.pages.published import Published


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
    warning: str | None = None


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


def catalog_of(org: OrgCatalog, published: Published) -> ByApiName[AccountField]:
    """Return the fields to choose from: the org's, or those of the last published sync if the org was never reached."""
    return published.as_known(org.fields.values()) or published.catalog


def rows(org: OrgCatalog, published: Published, selection: Selection) -> list[Row]:
    """Return every field of the org and every selected field, sorted by label."""
    catalog = catalog_of(org, published)
    made = [_row(name, field, selection.get(name), org, published) for name, field in catalog.items()]
    made += [
        _row(published.known.spelling(name), None, category, org, published)
        for name, category in selection.items()
        if name not in catalog
    ]
    return sorted(made, key=lambda row: (row.label.casefold(), row.name))


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
        type=field.type if field else state.salesforce_type if state else "",
        is_formula=field.is_formula if field else False,
        sample=_sample(name, org, published),
        can_be_metric=field.is_numerical if field else category == "metric",
        refusal=field.refusal if field else None,
        category=category,
        status=status,
        status_reason=reason,
        warning=_mask_warning(name, field, org, published),
    )


def _mask_warning(name: str, field: AccountField | None, org: OrgCatalog, published: Published) -> str | None:
    """Return the warning for an encrypted field, judged by the value that the page shows."""
    if field is None or field.type != MASKED_TYPE:
        return None
    value = _sample(name, org, published).value
    said = warning(name, None if value is None else is_masked(str(value)))
    return said and f"{said} {REMEDY}"


def mask_warnings(names: Iterable[str], org: OrgCatalog, published: Published) -> list[str]:
    """Return the warnings for the encrypted fields among these."""
    catalog = catalog_of(org, published)
    known = [catalog[name] for name in names if name in catalog]
    return [said for field in known if (said := _mask_warning(field.name, field, org, published))]


def _sample(name: str, org: OrgCatalog, published: Published) -> Sample:
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
