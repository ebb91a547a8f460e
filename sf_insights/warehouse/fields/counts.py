"""How many fields the last complete sync had, as commands and pages say it."""

from __future__ import annotations

from dataclasses import dataclass

from sf_insights.domain.wording import counted
from sf_insights.warehouse.transaction import Transaction


@dataclass(frozen=True)
class FieldCounts:
    """How many fields are selected in the last complete sync, by category, and how many of them are not synced."""

    attributes: int
    metrics: int
    paused: int

    @property
    def fields(self) -> int:
        return self.attributes + self.metrics

    def __str__(self) -> str:
        """Say it as commands and pages do: 16 fields: 12 attributes and 4 metrics; 1 is paused."""
        said = (
            f"{counted(self.fields, 'field')}: {counted(self.attributes, 'attribute')} and "
            f"{counted(self.metrics, 'metric')}"
        )
        if self.paused:
            said += f"; {self.paused:,} {'is' if self.paused == 1 else 'are'} paused"
        return said


def field_counts(tx: Transaction) -> FieldCounts:
    """Count the fields of the last complete sync. A field that waits for its first values counts as paused."""
    [(attributes, metrics, paused)] = tx.execute(
        "SELECT count(*) FILTER (category = 'attribute'), count(*) FILTER (category = 'metric'), "
        "count(*) FILTER (status_reason IS NOT NULL) FROM insights.fields WHERE status != 'deselected'"
    )
    return FieldCounts(attributes, metrics, paused)
