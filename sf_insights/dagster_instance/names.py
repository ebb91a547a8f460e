"""What the definitions of a home are called in Dagster: under its key prefix, so that one project takes many homes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sf_insights.domain.problems import ConfigurationProblem

_PART = re.compile(r"[A-Za-z0-9_]+")
_ALONE = "sf_insights_"  # a project that this is merged into may well have a resource called `warehouse`


@dataclass(frozen=True)
class Names:
    """The names under one key prefix; without one, the names of a home that is alone."""

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

    def key(self, path: Sequence[str]) -> list[str]:
        """An asset key."""
        return [*self.prefix, *path]

    def name(self, name: str) -> str:
        """The name of a job, a schedule, a sensor, a step or a group."""
        return "__".join([*self.prefix, name])

    def resource(self, name: str) -> str:
        """The key of a resource; these are global in a project."""
        return self.name(name) if self.prefix else _ALONE + name
