"""Where things are, and what the environment says: the data directory, DuckDB's limits, the day."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dotenv

from sf_insights.domain.problems import ConfigurationProblem

SNAPSHOT_NAME = "account_insights.duckdb"
CHECKOUT = Path(__file__).resolve().parents[2]
_TODAY = "SF_INSIGHTS_TODAY"
_MEMORY = "SF_INSIGHTS_MEMORY_LIMIT"
_THREADS = "SF_INSIGHTS_THREADS"
_DEFAULT_MEMORY = "550MB"  # what does not fit goes to disk, next to the warehouse


def environment() -> dict[str, str]:
    """The variables of .env, with the real ones over them. Only the process itself may say which day it is."""
    from_file = {name: value for name, value in dotenv.dotenv_values(CHECKOUT / ".env").items() if value}
    from_file.pop(_TODAY, None)
    return {**from_file, **{name: value for name, value in os.environ.items() if value}}


def filled_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that say something, without white space around it."""
    return {name: value.strip() for name, value in variables.items() if value.strip()}


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
        return self.data / SNAPSHOT_NAME

    @property
    def landing(self) -> Path:
        return self.data / "landing"


def database_limits(variables: Mapping[str, str]) -> dict[str, Any]:
    """What DuckDB may use to write the warehouse: SF_INSIGHTS_MEMORY_LIMIT, and SF_INSIGHTS_THREADS or all cores.

    Raises:
        ConfigurationProblem: one of them cannot be understood.
    """
    memory, threads = variables.get(_MEMORY, _DEFAULT_MEMORY), variables.get(_THREADS)
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)? ?[MG]i?B", memory):
        raise ConfigurationProblem(f"{_MEMORY} is {memory!r}, which is no size.", "Write it as 800MB or 2GB.")
    if threads is not None and not re.fullmatch(r"[1-9][0-9]{0,3}", threads):
        raise ConfigurationProblem(f"{_THREADS} is {threads!r}, which is no number of threads.", "Write it as 2.")
    return {"memory_limit": memory, **({"threads": threads} if threads else {})}


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
