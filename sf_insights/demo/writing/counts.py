"""Counts what clients wrote through the APIs, so that tests can prove that nothing was written twice."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class RecordCounts:
    """The writes of one record."""

    writes: int = 0
    unchanged: int = 0  # writes that changed no value
    cells: Counter[str] = field(default_factory=Counter)
    unchanged_cells: Counter[str] = field(default_factory=Counter)


class Counts:
    """The committed writes of all records since the last reset."""

    def __init__(self) -> None:
        self._records: dict[str, RecordCounts] = {}

    def note(self, id_: str, cells: Iterable[str], changed: set[str]) -> None:
        """Count one committed write of a record: the fields sent, and those whose value changed."""
        counts = self._records.setdefault(id_, RecordCounts())
        counts.writes += 1
        counts.unchanged += not changed
        for name in cells:
            counts.cells[name] += 1
            if name not in changed:
                counts.unchanged_cells[name] += 1

    def writes_of(self, id_: str) -> int:
        """Return the number of a record's writes."""
        return self._records[id_].writes if id_ in self._records else 0

    def writes(self) -> dict[str, Any]:
        """Return the counts by record id."""
        return {
            id_: {"writes": counts.writes, "unchanged": counts.unchanged, "cells": dict(counts.cells)}
            for id_, counts in self._records.items()
        }

    def unchanged_cells(self) -> dict[str, dict[str, int]]:
        """Return how often a cell was written with the value that it already had, by record id and field."""
        return {id_: dict(counts.unchanged_cells) for id_, counts in self._records.items() if counts.unchanged_cells}
