"""insights.field_labels: the label of every field that was ever selected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.dictionary import RESERVED_NAMES
from sf_insights.domain.fields.labels import FieldLabel, LabelWish, assign_labels
from sf_insights.domain.fields.lifecycle import description_of
from sf_insights.domain.fields.plan import PlannedField
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.system.clock import now
from sf_insights.warehouse.fields.plan import load_plan
from sf_insights.warehouse.fields.states import load_states
from sf_insights.warehouse.transaction import Transaction


def load_labels(tx: Transaction) -> ByApiName[FieldLabel]:
    """Return all labels, by field."""
    rows = tx.execute("SELECT field, label, default_label, label_source FROM insights.field_labels")
    return ByApiName((row[0], FieldLabel(*row)) for row in rows)


def save_labels(tx: Transaction, labels: Iterable[FieldLabel]) -> None:
    """Write only the labels that are new or changed."""
    before = load_labels(tx)
    changed = [label for label in labels if before.get(label.field) != label]
    for label in changed:
        tx.execute("DELETE FROM insights.field_labels WHERE field = $field", {"field": label.field})
    tx.insert(
        "insights.field_labels",
        [
            {
                "field": label.field,
                "label": label.text,
                "default_label": label.default,
                "label_source": label.source,
                "updated_at": now(),
            }
            for label in changed
        ],
    )


def label_wishes(configuration: AccountFieldSync, plan: Iterable[PlannedField]) -> list[LabelWish]:
    """Return what the configuration says about the label of each planned field."""
    said = configuration.by_field
    wishes = []
    for planned in plan:
        entry = said.get(planned.name)
        wish = LabelWish(planned.name, planned.field.label)
        if entry is not None:  # it is still selected
            wish = replace(wish, says=entry.says_label, text=entry.label)
        wishes.append(wish)
    return wishes


def labels_after(
    tx: Transaction, configuration: AccountFieldSync, plan: Iterable[PlannedField]
) -> ByApiName[FieldLabel]:
    """Return all labels, by field, after the planned fields get theirs; write nothing.

    Raises:
        ConfigurationProblem: two fields would have the same label.
    """
    wishes = label_wishes(configuration, plan)
    return assign_labels(load_labels(tx), wishes, configuration.label_prefix, RESERVED_NAMES)


def take_over_labels(tx: Transaction, file: Path) -> ConfigurationProblem | None:
    """Save the labels, descriptions and formats that the configuration file now gives the planned fields.

    The file may be newer than the plan. They are saved even if the synchronization is switched off.

    Returns the problem if the file cannot be used; nothing is written then.
    """
    try:
        configuration, plan = load_configuration(file), load_plan(tx)
        labels = labels_after(tx, configuration, plan)
    except ConfigurationProblem as problem:
        return problem
    save_labels(tx, labels.values())
    _save_descriptions(tx, configuration, plan)
    return None


def _save_descriptions(tx: Transaction, configuration: AccountFieldSync, plan: Iterable[PlannedField]) -> None:
    """Write what the file says of each planned field, besides its label, into insights.fields."""
    states, entries = load_states(tx), configuration.by_field
    for planned in plan:
        entry, state = entries.get(planned.name), states.get(planned.name)
        if entry is None or state is None:
            continue
        said = (description_of(planned.field, entry.description), entry.format, entry.archived)
        if said != (state.description, state.display_format, bool(state.is_archived)):
            tx.execute(
                "UPDATE insights.fields SET description = $description, display_format = $format, "
                "is_archived = $archived WHERE field = $field",
                dict(zip(("description", "format", "archived"), said, strict=True)) | {"field": state.field},
            )
