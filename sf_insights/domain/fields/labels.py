"""Labels: what people see instead of API names. A sync only ever adds defaults; a person's text stays for ever."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Literal

from sf_insights.domain.configuration import LABEL_LENGTH
from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.problems import ConfigurationProblem

LabelSource = Literal["default", "user"]


@dataclass(frozen=True)
class FieldLabel:
    """The label of one field. `default` never changes once given; `text` is what people see."""

    field: str
    text: str
    default: str
    source: LabelSource = "default"


@dataclass(frozen=True)
class LabelWish:
    """What the file says of one selected field's label: `says` it nothing, the label stays as it is."""

    field: str
    salesforce_label: str
    says: bool = False
    text: str | None = None


def assign_labels(
    existing: Mapping[str, FieldLabel], wishes: Iterable[LabelWish], prefix: str, reserved: Iterable[str]
) -> ByApiName[FieldLabel]:
    """Return every label, those of deselected fields included, by field.

    Args:
        existing: the labels of earlier syncs, by field.
        wishes: one per selected field.
        prefix: what new default labels begin with; existing ones do not move with it.
        reserved: the fixed column names of the labelled views, which no label may equal.

    Raises:
        ConfigurationProblem: a person's label equals another field's label or a fixed column, case ignored.
    """
    labels = ByApiName(existing)
    fixed = {name.casefold() for name in reserved}
    wished = list(wishes)
    for wish in wished:
        if wish.field in labels and wish.says:
            labels[wish.field] = _wished(labels[wish.field], wish)
    for wish in wished:
        if wish.field not in labels:
            taken = fixed | {label.text.casefold() for label in labels.values()}
            taken |= {label.default.casefold() for label in labels.values()}
            taken |= {other.text.casefold() for other in wished if other.text and other is not wish}
            default = default_label(prefix, wish.salesforce_label, wish.field, taken)
            labels[wish.field] = _wished(FieldLabel(wish.field, default, default), wish)
    _refuse_duplicates(labels.values(), fixed)
    return labels


def default_label(prefix: str, salesforce_label: str, field: str, taken: set[str]) -> str:
    """The prefix and Salesforce's own label; with the API name behind it where that is taken (case ignored)."""
    # Salesforce lets a label hold a NUL or a line break, which no column's name can.
    printable = "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in salesforce_label)
    label = f"{prefix} {printable.strip() or field}".strip()[:LABEL_LENGTH]
    suffixes = chain(["", f" ({field})"], (f" ({field} {number})" for number in count(2)))
    candidates = (label[: LABEL_LENGTH - len(suffix)] + suffix for suffix in suffixes)
    return next(candidate for candidate in candidates if candidate.casefold() not in taken)


def _wished(label: FieldLabel, wish: LabelWish) -> FieldLabel:
    if not wish.says:
        return label
    if wish.text is None:
        return replace(label, text=label.default, source="default")
    return replace(label, text=wish.text, source="user")


def _refuse_duplicates(labels: Iterable[FieldLabel], fixed: set[str]) -> None:
    holders: dict[str, str] = {}
    for label in labels:
        key = label.text.casefold()
        if key in fixed:
            raise ConfigurationProblem(
                f'The label "{label.text}" of {label.field} is the name of a column that every account has.',
                "Choose another label.",
            )
        if key in holders:
            raise ConfigurationProblem(
                f'The label "{label.text}" of {label.field} is also the label of {holders[key]}.',
                "Labels are unique, case ignored, also against deselected fields: choose another for one of them.",
            )
        holders[key] = label.field
