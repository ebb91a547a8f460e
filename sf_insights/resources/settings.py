"""Where things are, and what the environment says: the data directory, the administrator's file, the day."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dotenv
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.selection import AccountFieldSync, parse_configuration

CHECKOUT = Path(__file__).resolve().parents[2]
_TODAY = "SF_INSIGHTS_TODAY"
_NULL = "tag:yaml.org,2002:null"


def environment() -> dict[str, str]:
    """The variables of .env, with the real ones over them. Only the process itself may say which day it is."""
    from_file = {name: value for name, value in dotenv.dotenv_values(CHECKOUT / ".env").items() if value}
    from_file.pop(_TODAY, None)
    return {**from_file, **{name: value for name, value in os.environ.items() if value}}


@dataclass(frozen=True)
class Places:
    """The files of one installation."""

    data: Path
    configuration: Path

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Places:
        """SF_INSIGHTS_DATA_DIR and SF_INSIGHTS_CONFIG, or data/ of the checkout."""
        data = Path(variables.get("SF_INSIGHTS_DATA_DIR", CHECKOUT / "data")).expanduser().absolute()
        configuration = variables.get("SF_INSIGHTS_CONFIG", data / "account_field_sync.yaml")
        return cls(data, Path(configuration).expanduser().absolute())

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse.duckdb"

    @property
    def snapshot(self) -> Path:
        return self.data / "account_insights.duckdb"

    @property
    def landing(self) -> Path:
        return self.data / "landing"


def today(variables: Mapping[str, str], zone: ZoneInfo) -> date:
    """The day of a sync that opens now: SF_INSIGHTS_TODAY, or the date in the configured time zone.

    Raises:
        ConfigurationProblem: SF_INSIGHTS_TODAY is no date.
    """
    if _TODAY not in variables:
        return datetime.now(zone).date()
    try:
        return date.fromisoformat(variables[_TODAY])
    except ValueError:
        raise ConfigurationProblem(
            f"{_TODAY} is {variables[_TODAY]!r}, which is no date.", "Write it as 2026-03-01."
        ) from None


def now() -> datetime:
    """The present moment in UTC: the clock of every stamp."""
    return datetime.now(UTC)


def load_configuration(path: Path) -> AccountFieldSync:
    """Read and validate the administrator's file.

    Raises:
        ConfigurationProblem: it cannot be read, is no YAML, or asks for what cannot be.
    """
    try:
        return parse_configuration(_read(path))
    except ConfigurationProblem as problem:
        raise ConfigurationProblem(f"{path.name}: {problem.what}", problem.remedy) from None


def write_label(path: Path, field: str, label: str | None) -> None:
    """Write the label of a selected field into the file, keeping its comments and its order.

    Args:
        path: the administrator's file.
        field: an API name as the file has it, case ignored.
        label: the text, or None for `label: null`, which returns to the default.

    Raises:
        ConfigurationProblem: the field is not selected in the file.
    """
    content = _read(path)
    entries = content["fields"]
    for place, entry in enumerate(entries):
        name = entry if isinstance(entry, str) else entry["field"]
        if name.casefold() == field.casefold():
            if isinstance(entry, str):
                entries[place] = {"field": name, "label": label}
            else:
                entry["label"] = label
            _replace(path, content)
            return
    raise ConfigurationProblem(
        f"{path.name}: {field} is not selected.", "Add it under `fields:`; `sf-insights fields` lists what can be."
    )


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    # Written out: an empty `label:` would look like something forgotten.
    yaml.representer.add_representer(type(None), lambda dump, _: dump.represent_scalar(_NULL, "null"))
    return yaml


def _read(path: Path) -> Any:
    try:
        return _yaml().load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationProblem(f"{path} does not exist.", "SF_INSIGHTS_CONFIG names another file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationProblem(f"{path} cannot be read: {error}.") from None
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = getattr(error, "problem", None) or "it cannot be parsed"
        raise ConfigurationProblem(f"{path.name} is no valid YAML{where}: {what}.", "Mend that line.") from None


def _replace(path: Path, content: Any) -> None:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=path.name, suffix=".tmp", delete=False
    ) as file:
        _yaml().dump(content, file)
    Path(file.name).chmod(path.stat().st_mode & 0o777)
    Path(file.name).replace(path)
