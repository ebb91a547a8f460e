"""Changing labels: a wish is tried on everything that is known before the file is touched, and published after."""

from __future__ import annotations

from collections.abc import Mapping

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.dictionary import RESERVED_NAMES
from sf_insights.domain.fields.labels import FieldLabel, LabelWish, assign_labels
from sf_insights.settings.configuration_file import ConfigurationFile
from sf_insights.settings.environment import Places
from sf_insights.warehouse.fields.labels import label_wishes
from sf_insights.warehouse.fields.published_fields import PublishedFields
from sf_insights.warehouse.warehouse import Warehouse


def relabelled(
    file: ConfigurationFile, labels: Mapping[str, str | None], published: PublishedFields
) -> tuple[ConfigurationFile, ByApiName[FieldLabel]]:
    """The file as it would be with these labels, and every label as people would then see it; writes nothing.

    Args:
        file: the administrator's file.
        labels: by API name (case ignored): the text, or None to return to the default.
        published: what the last published sync knows. A selected field that it does not know has its API name for now.

    Raises:
        ConfigurationProblem: a field is not selected, a text cannot be a label, or two fields would have the same.
    """
    edited = file.with_labels(labels)
    configuration = edited.configuration
    wishes = label_wishes(configuration, published.plan)
    synced = ByApiName((wish.field, wish) for wish in wishes)
    wishes += [
        LabelWish(entry.field, entry.field, entry.says_label, entry.label)
        for entry in configuration.fields
        if entry.field not in synced
    ]
    return edited, assign_labels(published.labels, wishes, configuration.label_prefix, RESERVED_NAMES)


def may_be_published(places: Places) -> bool:
    """Whether to publish the labels that were just written: something is published, or a first sync runs."""
    return places.snapshot.exists() or _is_held(places)


def is_sync_due(places: Places) -> bool:
    """Whether a sync publishes the labels in the file: one runs now, or nothing was ever published."""
    return not places.snapshot.exists() or _is_held(places)


def _is_held(places: Places) -> bool:
    return places.warehouse.exists() and Warehouse(places.warehouse).holder() is not None
