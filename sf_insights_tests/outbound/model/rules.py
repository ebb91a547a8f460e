"""What the org's administrator and other users put in the way of a write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class OrgRules:
    """Validation rules by field, records for which a trigger fails, and the tries that still find a record locked."""

    refused: dict[str, list[str | None]] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    locks: dict[str, int] = field(default_factory=dict)

    def is_locked(self, record: str) -> bool:
        """Count a try."""
        tries = self.locks.get(record, 0)
        self.locks[record] = max(tries - 1, 0)
        return tries > 0

    def refuses(self, values: Mapping[str, Any]) -> bool:
        """Tell whether a validation rule forbids a record as it would be saved."""
        return any(values.get(name) in texts for name, texts in self.refused.items())

    def clear(self) -> None:
        self.refused.clear()
        self.failing.clear()
        self.locks.clear()
