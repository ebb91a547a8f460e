"""API names of fields: Salesforce compares them without regard to letter case, and so does everything here.

The catalog keeps the spelling in which it first saw a field, and every other table takes its names from there, so that
names inside the warehouse can be compared as they are. Names from the file, a person or the org go through this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import replace
from typing import TypeVar

from sf_insights.domain.fields.field_types import AccountField

T = TypeVar("T")


class ByApiName(MutableMapping[str, T]):
    """Values by API name, letter case ignored. A name keeps its first spelling and its place."""

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
        """The name as it is spelled here, or as it is given when it is not here."""
        return self._held.get(name.casefold(), (name, None))[0]


def by_name(fields: Iterable[AccountField]) -> ByApiName[AccountField]:
    """Fields by their API names."""
    return ByApiName((field.name, field) for field in fields)


def spelled_as(known: Iterable[str], fields: Iterable[AccountField]) -> list[AccountField]:
    """The org's fields in the spelling in which they are known; a field that is not known keeps the org's."""
    names = ByApiName((name, None) for name in known)
    return [
        replace(
            field,
            name=names.spelling(field.name),
            compound_field=field.compound_field and names.spelling(field.compound_field),
        )
        for field in fields
    ]
