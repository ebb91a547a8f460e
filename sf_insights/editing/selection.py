"""Change the selection: the edited file, validated as a sync validates it, and its differences."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import AccountField, Category
from sf_insights.domain.fields.plan import plan_fields
from sf_insights.settings.configuration_file import ConfigurationFile
from sf_insights.warehouse.fields.published_fields import PublishedFields

Selection = ByApiName[Category]


@dataclass(frozen=True)
class Change:
    """What saving would change: the fields that are added, removed or moved to the other category, and the lines.

    `lines` is the diff of the file as (kind, line), where kind is "add", "del", "same" or "gap".
    """

    file: ConfigurationFile
    added: list[tuple[str, Category]]
    removed: list[str]
    moved: list[tuple[str, Category]]
    lines: list[tuple[str, str]]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.moved)


def selection_of(configuration: AccountFieldSync) -> Selection:
    """Return the selected fields and their categories."""
    return ByApiName((entry.field, entry.category) for entry in configuration.fields)


def proposed(
    file: ConfigurationFile,
    selection: Mapping[str, Category],
    catalog: Mapping[str, AccountField],
    published: PublishedFields,
) -> Change:
    """Return what selecting exactly these fields would change; write nothing.

    Args:
        file: the configuration file.
        selection: the categories by API name.
        catalog: the org's fields; if it is empty, the next sync checks the fields.
        published: the fields of the last published sync.

    Raises:
        ConfigurationProblem: the org does not have a field, or a field cannot have the category.
    """
    edited = file.with_selection(selection)
    if catalog:
        plan_fields(edited.configuration.fields, catalog, published.known)
    before, after = selection_of(file.configuration), selection_of(edited.configuration)
    return Change(
        edited,
        added=[(name, category) for name, category in after.items() if name not in before],
        removed=[name for name in before if name not in after],
        moved=[(name, category) for name, category in after.items() if name in before and before[name] != category],
        lines=changed_lines(file.text, edited.text),
    )


def changed_lines(before: str, after: str) -> list[tuple[str, str]]:
    """Return the unified diff as `Change.lines` has it."""
    kinds = {"+": "add", "-": "del", " ": "same"}
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]
    return [("gap", "⋯") if line.startswith("@@") else (kinds[line[0]], line[1:]) for line in lines]
