"""Labels as the page shows them, and which of them the form changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sf_insights.domain.configuration import AccountFieldSync, SelectedField
from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.fields.lifecycle import FieldState
from sf_insights.pages.guard import Form
from sf_insights.pages.published import Published


@dataclass(frozen=True)
class LabelRow:
    """One field and its label: `text` is the value of the input, `is_editable` whether the field is selected.

    `is_published`: analysts see the label in the file, or the field was never synced.
    """

    name: str
    text: str
    default: str
    is_default: bool
    is_editable: bool
    is_published: bool
    state: FieldState | None
    examples: list[Any]


def label_rows(
    configuration: AccountFieldSync | None,
    published: Published,
    catalog: ByApiName[AccountField],
    typed: Mapping[str, str] | None = None,
) -> list[LabelRow]:
    """Return every field that is selected or was ever synced, deselected ones last.

    For a field without a label yet, `default` is the label its first sync will give it, from the `catalog`.
    """
    entries = configuration.by_field if configuration else ByApiName[SelectedField]()
    made = []
    for name in [*published.states, *(catalog.spelling(name) for name in entries if name not in published.states)]:
        entry, label, state = entries.get(name), published.labels.get(name), published.states.get(name)
        text, default = (label.text, label.default) if label else ("", "")
        if not label and configuration and name in catalog:
            default = f"{configuration.label_prefix} {catalog[name].label}".strip()
        if entry and entry.says_label:
            text = entry.label or (label.default if label else "")
        made.append(
            LabelRow(
                name=name,
                text=(typed or {}).get(name, text),
                default=default,
                is_default=not text or bool(label and text == label.default),
                is_editable=entry is not None,
                is_published=label is None or text == label.text,
                state=state,
                examples=published.examples.get(name, []),
            )
        )
    return sorted(made, key=lambda row: (not row.is_editable, (row.text or row.name).casefold()))


def typed_labels(form: Form) -> dict[str, str]:
    """Return the values of the form's inputs, by field."""
    return {name: form.one(f"label.{name}") for name in form.all("field")}


def changed_labels(rows: list[LabelRow], typed: Mapping[str, str]) -> dict[str, str | None]:
    """Return the changed labels by field; None for the default label, as when the input is emptied."""
    changed: dict[str, str | None] = {}
    for row in rows:
        text = typed.get(row.name, row.text).strip()
        if row.is_editable and text != row.text:
            changed[row.name] = None if text in ("", row.default) else text
    return changed
