"""insights.field_labels: the label of every field that was ever selected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.dictionary import RESERVED_NAMES
from sf_insights.domain.fields.labels import FieldLabel, LabelWish, assign_labels
from sf_insights.domain.fields.plan import PlannedField
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.system.clock import now
from sf_insights.warehouse.fields.plan import load_plan
from sf_insights.warehouse.transaction import Transaction


def load_labels(tx: Transaction) -> ByApiName[FieldLabel]:
    """Every label there is, by field."""
    rows = tx.execute("SELECT field, label, default_label, label_source FROM insights.field_labels")
    return ByApiName((row[0], FieldLabel(*row)) for row in rows)


def save_labels(tx: Transaction, labels: Iterable[FieldLabel]) -> None:
    """Write the labels that are new or changed, and nothing else."""
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
    """What the file says of the label of each planned field."""
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
    """Every label as it is once these planned fields have theirs, by field; writes nothing.

    Raises:
        ConfigurationProblem: two fields would have the same.
    """
    wishes = label_wishes(configuration, plan)
    return assign_labels(load_labels(tx), wishes, configuration.label_prefix, RESERVED_NAMES)


def take_over_labels(tx: Transaction, file: Path) -> ConfigurationProblem | None:
    """Keep the labels that the administrator's file gives the planned fields now, which may be later than the plan.

    Whether the synchronization is switched off does not matter: labels can be edited all the same.

    Returns why the file cannot be used, and then nothing is written.
    """
    try:
        labels = labels_after(tx, load_configuration(file), load_plan(tx))
    except ConfigurationProblem as problem:
        return problem
    save_labels(tx, labels.values())
    return None
