"""Change settings of the file: each value is checked before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sf_insights.domain.configuration import invalid_settings
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.configuration_file import ConfigurationFile

Values = Mapping[tuple[str, ...], Any]


def changed_values(file: ConfigurationFile, values: Values) -> dict[tuple[str, ...], Any]:
    """Return the values that differ from the file's, by the keys on the way to each setting."""
    present = file.configuration.model_dump(by_alias=True)
    return {path: value for path, value in values.items() if _at(present, path) != value}


def refused_values(file: ConfigurationFile, values: Values) -> dict[tuple[str, ...], str]:
    """Return what is wrong with each value, by the keys on the way to its setting; empty if all are valid."""
    content = file.configuration.model_dump(by_alias=True, exclude_unset=True)
    for path, value in values.items():
        block = content if len(path) == 1 else content.setdefault(path[0], {})
        block[path[-1]] = value
    refused = invalid_settings(content)
    if not refused:
        try:
            file.with_settings(values)
        except ConfigurationProblem as problem:
            refused[()] = f"{problem.what} {problem.remedy}".strip()
    return refused


def _at(content: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        content = content[name]
    return list(content) if isinstance(content, tuple) else content
