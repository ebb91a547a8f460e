"""The field that SQL files of attributes and views take as a parameter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.warehouse.model.attribute_columns import text_of


@dataclass(frozen=True)
class ModelledField:
    """A field as a parameter of SQL files.

    `is_archived` hides it from the labelled views. `last_day` is the last day on which an earlier sync read the field
    in this category, None if there is none.
    """

    name: str
    label: str
    column: ColumnType
    last_day: date | None = None
    is_archived: bool = False

    def text(self, expression: str) -> str:
        """Return SQL for a value of this field as text, which can be cast back in any session time zone."""
        return text_of(self.column, expression)
