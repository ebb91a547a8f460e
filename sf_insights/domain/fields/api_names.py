"""Compare API names of fields as Salesforce does, ignoring letter case.

The catalog keeps the first spelling it saw of each field, and all other tables use that spelling, so SQL in the
warehouse compares names exactly. Names from the YAML file, a person or the org go through this module first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import replace
from typing import TypeVar

from sf_insights.domain.fields.field_types import AccountField

T = TypeVar("T")


class ByApiName(MutableMapping[str, T]):
    """A mapping from API names to values that ignores letter case. A name keeps its first spelling and its position."""

    def __init__(self, values: Mapping[str, T] | Iterable[tuple[str, T]] = ()) -> None:
        self._held: dict[str, tuple[str, T]] = {}
        self.update(values)

    def __getitem__(self, name: str) -> T:
        return self._held[name.casefold()][1]

    def __setitem__(self, name: str, value: T) -> None:
        self._held[name.casefold()] = self.spelling(name), value

    def __delitem__(self, name: str) -> None:
        del self._held[name.casefold()]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._held.values())

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        return f"ByApiName({dict(self)!r})"

    def spelling(self, name: str) -> str:
        """Return the spelling of the name in this mapping, or the name itself when it is not here."""
        return self._held.get(name.casefold(), (name, None))[0]


def by_name(fields: Iterable[AccountField]) -> ByApiName[AccountField]:
    """Map fields by their API names."""
    return ByApiName((field.name, field) for field in fields)


def spelled_as(known: Iterable[str], fields: Iterable[AccountField]) -> list[AccountField]:
    """Return the org's fields with the known spelling of their names; new fields keep the org's spelling."""
    names = ByApiName((name, None) for name in known)
    return [
        replace(
            field,
            name=names.spelling(field.name),
            compound_field=field.compound_field and names.spelling(field.compound_field),
        )
        for field in fields
    ]
