"""The names of a home's definitions in Dagster. With a key prefix for each home, one project can have many homes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.home import found_home

_PART = re.compile(r"[A-Za-z0-9_]+")
_ALONE = "sf_insights_"  # the project may have a resource called `warehouse` too


@dataclass(frozen=True)
class Names:
    """The names under one key prefix, or those of a home without one."""

    prefix: tuple[str, ...] = ()

    @classmethod
    def under(cls, key_prefix: str | Sequence[str] | None) -> Names:
        """The names under a prefix of one part or of several.

        Raises:
            ConfigurationProblem: Dagster would refuse a name that begins with it.
        """
        if key_prefix is None:
            return cls()
        parts = (key_prefix,) if isinstance(key_prefix, str) else tuple(key_prefix)
        if not parts or not all(isinstance(part, str) and _PART.fullmatch(part) for part in parts):
            raise ConfigurationProblem(
                f"The key prefix {key_prefix!r} cannot be part of the names of jobs and assets in Dagster.",
                "Use letters, digits and underscores, such as emea, or leave it out.",
            )
        return cls(parts)

    @classmethod
    def of_home(cls, variables: Mapping[str, str]) -> Names:
        """The names of the home in these variables: under its org's name in an installation of many.

        Raises:
            ConfigurationProblem: the home is among installed packages, or its org does not exist.
        """
        home = found_home(variables)
        return cls((home.org,)) if home and home.org else cls()

    def key(self, path: Sequence[str]) -> list[str]:
        """An asset key."""
        return [*self.prefix, *path]

    def name(self, name: str) -> str:
        """The name of a job, a schedule, a sensor, a step or a group."""
        return "__".join([*self.prefix, name])

    def plain(self, name: str) -> str:
        """Return the name of a step or a job without the prefix."""
        return name.removeprefix(self.name("")) if self.prefix else name

    def resource(self, name: str) -> str:
        """The key of a resource; these are global in a project."""
        return self.name(name) if self.prefix else _ALONE + name


class ResourceKey(str):
    """The key of a resource of one home. Comparing it with the same key of another home is refused.

    Dagster compares resource keys when it merges definitions. Its own error would not name the homes.
    """

    _prefix: str
    _home: str

    def __new__(cls, names: Names, name: str, home: str | None) -> ResourceKey:
        """`home` is the directory; None for the home of the process."""
        key = super().__new__(cls, names.resource(name))
        key._prefix = f"the key prefix {'/'.join(names.prefix)}" if names.prefix else "no key prefix"
        key._home = home or "the home of this process"
        return key

    def __eq__(self, other: object) -> bool:
        """Compare the texts.

        Raises:
            ConfigurationProblem: the other key is equal and of another home.
        """
        is_same = str.__eq__(self, other)
        if is_same is True and isinstance(other, ResourceKey) and other._home != self._home:
            first, second = sorted((self._home, other._home))
            raise ConfigurationProblem(
                f"Two homes have {self._prefix}: {first} and {second}.", "Give each home a key_prefix of its own."
            )
        return is_same

    __hash__ = str.__hash__

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Pickle the text alone: the process of a step merges nothing."""
        return str, (str(self),)
