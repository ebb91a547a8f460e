"""Labels: the names that people see instead of API names. A sync adds default labels and never changes a person's."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Literal

from sf_insights.domain.configuration import LABEL_LENGTH
from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.problems import LabelProblem

LabelSource = Literal["default", "user"]


@dataclass(frozen=True)
class FieldLabel:
    """The label of one field. `text` is what people see; `default` never changes after the first sync."""

    field: str
    text: str
    default: str
    source: LabelSource = "default"


@dataclass(frozen=True)
class LabelWish:
    """The label that the YAML file asks for. When `says` is false, it asks for none and the present label stays."""

    field: str
    salesforce_label: str
    says: bool = False
    text: str | None = None


def assign_labels(
    existing: Mapping[str, FieldLabel], wishes: Iterable[LabelWish], prefix: str, reserved: Iterable[str]
) -> ByApiName[FieldLabel]:
    """Return the labels of all fields, deselected ones included, by field.

    Args:
        existing: the labels of earlier syncs, by field.
        wishes: one per selected field.
        prefix: the start of new default labels; existing labels do not change with it.
        reserved: the fixed column names of the labelled views, which labels may not use.

    Raises:
        ConfigurationProblem: a label equals another field's label or a fixed column, ignoring letter case.
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


def shared_labels(labels: Iterable[str]) -> list[str]:
    """Return each label that several fields have, ignoring letter case in the same way as `assign_labels`."""
    fields = Counter(label.casefold() for label in labels)
    return sorted(label for label, number in fields.items() if number > 1)


def default_label(prefix: str, salesforce_label: str, field: str, taken: set[str]) -> str:
    """Return the prefix and Salesforce's label, followed by the API name if that label is taken (ignoring case)."""
    # Salesforce allows control characters such as NUL in labels; column names do not.
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
            raise LabelProblem(
                f'The label "{label.text}" of {label.field} is the name of a fixed column.',
                "Choose another label.",
            )
        if key in holders:
            raise LabelProblem(
                f'The label "{label.text}" of {label.field} is also the label of {holders[key]}.',
                "Labels must be unique, ignoring letter case and including deselected fields: change one of the two.",
            )
        holders[key] = label.field
