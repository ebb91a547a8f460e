"""A second sync of a day whose day before comes from history: the changes of the day lead to its values instead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.warehouse.model.modelled_field import ModelledField
from sf_insights.warehouse.transaction import Transaction


@dataclass(frozen=True)
class HistoryEnds:
    """The fields whose history ends on the day before `day`; temporary tables have what the first sync of `day` saw."""

    day: date
    attributes: list[ModelledField]
    metrics: list[str]

    @classmethod
    def before_undo(cls, tx: Transaction, day: date) -> HistoryEnds | None:
        """Keep what the first sync saw, before it is undone; None if no history ends before it."""
        fields = tx.execute(
            "SELECT field, category FROM insights.field_days WHERE source = 'history' AND date = $day::DATE - 1",
            {"day": day},
        )
        if not fields:
            return None
        columns = tx.columns("ops", "attribute_values")
        ends = cls(
            day,
            [
                ModelledField(name, name, ColumnType.parse(columns[name]))
                for name, category in sorted(fields)
                if category == "attribute" and name in columns
            ],
            [name for name, category in sorted(fields) if category == "metric"],
        )
        ends._run(tx, "history/first_seen")
        return ends

    def renew(self, tx: Transaction) -> None:
        """Let the changes lead to the values of the second sync, which are written now."""
        self._run(tx, "history/renewed")

    def _run(self, tx: Transaction, file: str) -> None:
        tx.run(file, {"day": self.day, "metrics": self.metrics}, attributes=self.attributes)
