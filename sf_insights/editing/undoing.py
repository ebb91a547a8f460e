"""The changes of the settings file: what each one changed, and going back to how the file was."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.setting_changes import in_sentences
from sf_insights.editing.labels import relabelled
from sf_insights.editing.selection import changed_lines
from sf_insights.settings.configuration_file import ConfigurationFile, editing, parsed
from sf_insights.settings.revisions import Revision, revisions_of
from sf_insights.warehouse.fields.published_fields import PublishedFields


@dataclass(frozen=True)
class Edit:
    """One change of the file: what it became and what it was before."""

    configuration: Path
    revision: Revision
    before: Revision

    # Both are for the few edits that a page shows: parsing hundreds of texts takes seconds.

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The changed lines, as `Change.lines`."""
        return changed_lines(self.before.text, self.revision.text)

    @property
    def sentences(self) -> list[str]:
        """What the lines mean; nothing if only comments changed, or if one of the two texts is not valid."""
        try:
            return in_sentences(*(parsed(self.configuration, held.text) for held in (self.before, self.revision)))
        except ConfigurationProblem:
            return []


def edits_of(configuration: Path) -> list[Edit]:
    """Return the known changes of the file, the latest first."""
    found = revisions_of(configuration)
    return [Edit(configuration, after, before) for before, after in pairwise(found)][::-1]


def go_back(
    configuration: Path, number: int, seen: str, published: PublishedFields
) -> tuple[ConfigurationFile, ConfigurationFile]:
    """Write the file as it was at a revision, and return it as it was before and as it is now.

    A field that had no label then gets its default label.

    Args:
        configuration: the file.
        number: of the revision.
        seen: the fingerprint of the file that the person saw.
        published: the fields of the last published sync.

    Raises:
        ConfigurationProblem: the revision is not kept, its settings are not valid any more, two fields would have the
            same label, or the file has changed since the person saw it; nothing is written.
    """
    with editing(configuration) as file:
        wanted = next((held for held in revisions_of(configuration) if held.number == number), None)
        if wanted is None:
            raise ConfigurationProblem("These settings are no longer kept.", "Choose later ones.")
        if file.fingerprint != seen:
            raise ConfigurationProblem(
                f"{file.path.name} was changed in the meantime, so nothing was written.",
                "Look at its latest changes, and try again.",
            )
        earlier = file.with_text(wanted.text)
        named = [entry.field for entry in file.configuration.fields if entry.says_label]
        kept = earlier.configuration.by_field
        # Without `label:`, a field keeps the label that it has.
        silent = {name: None for name in named if name in kept and not kept[name].says_label}
        edited, _ = relabelled(earlier, silent, published)
        file.replace(edited)
        return file, edited
