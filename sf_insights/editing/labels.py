"""Change labels: check new labels against all known fields before the file is written, and publish them after."""

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
    """Return the file with these labels, and every label that people would then see; write nothing.

    Args:
        file: the configuration file.
        labels: by API name (case ignored), the new label, or None for the default label.
        published: the fields of the last published sync. A selected field that is not among them is labelled with its
            API name for now.

    Raises:
        ConfigurationProblem: a field is not selected, a text is not a valid label, or two fields would have the same
            label.
    """
    return _checked(file.with_labels(labels), published)


def redescribed(
    file: ConfigurationFile, changes: Mapping[str, Mapping[str, str | bool | None]], published: PublishedFields
) -> tuple[ConfigurationFile, ByApiName[FieldLabel]]:
    """Return the file with these settings of fields, as `relabelled` does with labels; write nothing.

    Args:
        file: the configuration file.
        changes: by API name, the new values of label, description, format or archived.
        published: the fields of the last published sync.

    Raises:
        ConfigurationProblem: as `relabelled`, or a format is invalid.
    """
    return _checked(file.with_field_settings(changes), published)


def _checked(edited: ConfigurationFile, published: PublishedFields) -> tuple[ConfigurationFile, ByApiName[FieldLabel]]:
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
    """Tell whether labels can be published: there is a snapshot, or the first sync is running."""
    return places.snapshot.exists() or _is_held(places)


def is_sync_due(places: Places) -> bool:
    """Tell whether a sync will publish the labels in the file: one that is running, or the first one."""
    return not places.snapshot.exists() or _is_held(places)


def _is_held(places: Places) -> bool:
    return places.warehouse.exists() and Warehouse.of(places).holder() is not None
