"""A field as the SQL files of attributes and views need it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.warehouse.model.attribute_columns import text_of


@dataclass(frozen=True)
class ModelledField:
    """A field as the SQL files need it.

    `last_day` is the last day on which an earlier sync read it in this category, None if none did.
    """

    name: str
    label: str
    column: ColumnType
    last_day: date | None = None

    def text(self, expression: str) -> str:
        """SQL for a value of this field as text that casts back, whatever the reader's time zone."""
        return text_of(self.column, expression)
