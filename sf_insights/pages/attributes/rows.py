"""The fields as the page shows them, and which of their settings the form changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sf_insights.domain.configuration import AccountFieldSync, SelectedField
from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.appearance import Appearance
from sf_insights.domain.fields.display import choices
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.fields.lifecycle import FieldState
from sf_insights.pages.access.guard import Form
from sf_insights.pages.attributes.distributions import Distribution
from sf_insights.pages.published import Published
from sf_insights.pages.showing import short

Settings = Mapping[str, str]


@dataclass(frozen=True)
class Typed:
    """The texts of the form's inputs, by field and setting; `was` has those that the inputs had on loading."""

    texts: Mapping[str, Settings] = field(default_factory=dict)
    was: Mapping[str, Settings] = field(default_factory=dict)


SETTINGS = ("label", "description", "format", "archived")


@dataclass(frozen=True)
class FieldRow:
    """One field and its settings.

    `said` has the text of each input; `is_editable` is whether the field is selected. `help` is the description that
    it has without one of its own. `is_published`: analysts see the label in the file, or the field was never synced.
    `problems` has a sentence for each input that was refused. `present` has the text of each input by the file, and
    `now` what the file says for those that somebody else changed since the page was loaded.
    """

    name: str
    said: Settings
    default: str
    help: str
    is_default: bool
    is_editable: bool
    is_published: bool
    state: FieldState | None
    formats: list[tuple[str, str]]
    distribution: Distribution | None
    problems: Mapping[str, str] = field(default_factory=dict)
    present: Settings = field(default_factory=dict)
    now: Settings = field(default_factory=dict)

    @property
    def is_archived(self) -> bool:
        return bool(self.said["archived"])

    def shown(self, value: Any) -> str:
        """Return a value in the field's display format, or as its type is shown."""
        if self.state is None:
            return short(value, 30)
        display_format = str(self.said["format"]) if self.has_format else None
        return short(Appearance.of_field(self.state, display_format).text(value), 30)

    @property
    def has_format(self) -> bool:
        """Whether its format is valid; a refused one stays in its input."""
        return bool(self.said["format"]) and "format" not in self.problems


def field_rows(
    configuration: AccountFieldSync | None,
    published: Published,
    catalog: ByApiName[AccountField],
    distributions: Mapping[str, Distribution],
    typed: Typed | None = None,
    problems: Mapping[str, Mapping[str, str]] | None = None,
) -> list[FieldRow]:
    """Return every field that is selected or was ever synced, deselected ones last.

    An input that the person changed has the `typed` text; every other one is as in the file now.
    For a field without a label yet, `default` is the label its first sync will give it, from the `catalog`.
    """
    entries = configuration.by_field if configuration else ByApiName[SelectedField]()
    made = []
    for name in [*published.states, *(catalog.spelling(name) for name in entries if name not in published.states)]:
        entry, label, state = entries.get(name), published.labels.get(name), published.states.get(name)
        text, default = (label.text, label.default) if label else ("", "")
        known = catalog.get(name)
        if not label and configuration and known:
            default = f"{configuration.label_prefix} {known.label}".strip()
        if entry and entry.says_label:
            text = entry.label or (label.default if label else "")
        said = {
            "label": text,
            "description": (entry.description if entry else None) or "",
            "format": (entry.format if entry else None) or "",
            "archived": "yes" if entry and entry.archived else "",
        }
        texts, was = (typed.texts.get(name, {}), typed.was.get(name, {})) if typed else ({}, {})
        made.append(
            FieldRow(
                name=name,
                said={**said, **{setting: text for setting, text in texts.items() if text != was.get(setting)}},
                present=said,
                now={setting: said[setting] for setting, text in was.items() if text != said[setting]},
                default=default,
                help=(known.help_text if known else None) or "",
                is_default=not text or bool(label and text == label.default),
                is_editable=entry is not None,
                is_published=label is None or text == label.text,
                state=state,
                formats=_formats(state.data_type if state else known.data_type if known else "", said["format"]),
                distribution=distributions.get(name),
                problems=(problems or {}).get(name, {}),
            )
        )
    return sorted(made, key=lambda row: (not row.is_editable, (row.said["label"] or row.name).casefold()))


def _formats(data_type: str, present: str) -> list[tuple[str, str]]:
    """Return the formats to choose from, with the present one even if the page does not offer it."""
    offered = choices(data_type)
    return offered if not present or present in dict(offered) else [*offered, (present, "")]


def typed_settings(form: Form) -> Typed:
    """Return the values of the form's inputs, by field and setting; line breaks as the file has them."""
    texts = {
        name: {
            setting: form.one(f"{setting}.{name}").replace("\r\n", "\n")
            for setting in SETTINGS
            if setting != "archived" or form.one("has_archived")
            if setting == "archived" or form.all(f"{setting}.{name}")
        }
        for name in form.all("field")
    }
    was = {
        name: {
            setting: form.one(f"was.{setting}.{name}").replace("\r\n", "\n")
            for setting in settings
            if form.all(f"was.{setting}.{name}")
        }
        for name, settings in texts.items()
    }
    return Typed(texts, was)


def changed_settings(rows: list[FieldRow], typed: Typed) -> dict[str, dict[str, str | bool | None]]:
    """Return the settings that the person changed by field, as the file has them; an emptied input removes its text."""
    changed: dict[str, dict[str, str | bool | None]] = {}
    for row in rows:
        if not row.is_editable:
            continue
        for setting, typed_text in typed.texts.get(row.name, {}).items():
            text, present = typed_text.strip(), row.present[setting].strip()
            if text in (present, typed.was.get(row.name, {}).get(setting, present).strip()):
                continue
            value: str | bool | None = text or None
            if setting == "archived":
                value = bool(text)
            elif setting == "label" and text == row.default:
                value = None
            changed.setdefault(row.name, {})[setting] = value
    return changed
