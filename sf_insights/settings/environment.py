"""The variables of a home, and what they determine: its files, the limits of DuckDB, the day."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.database_limits import MEMORY_VARIABLE, THREADS_VARIABLE, USUAL_LIMITS, DatabaseLimits
from sf_insights.settings.home import (
    CONFIGURATION_NAME,
    CONFIGURATION_VARIABLE,
    DATA_VARIABLE,
    HOME_VARIABLE,
    ORG_VARIABLE,
    WAREHOUSE_NAME,
    Home,
    found_home,
    named_home,
    no_home,
    not_a_home,
    refuse_installed,
    which_org,
)

SNAPSHOT_NAME = "account_insights.duckdb"
# DuckDB finds no table in a file that is named like one of its schemas.
OUTBOUND_NAME = "outbound_sync.duckdb"
PUBLISHED_OUTBOUND_NAME = "account_outbound.duckdb"
TODAY_VARIABLE = "SF_INSIGHTS_TODAY"

# What the names of variables begin with: those of an org, those of the list of Insights accounts, and our own.
SALESFORCE, ZUORA, OURS = "SALESFORCE_", "ZUORA_", "SF_INSIGHTS_"
OF_A_HOME = (SALESFORCE, ZUORA, OURS)
_OF_THE_MACHINE = (TODAY_VARIABLE, MEMORY_VARIABLE, THREADS_VARIABLE)
# What the .env of an installation says for every org that does not say it itself.
_OF_ALL_ORGS = (
    "SF_INSIGHTS_ALERT_URL",
    "SF_INSIGHTS_LAKE_PASSWORD",
    "REQUESTS_CA_BUNDLE",
    MEMORY_VARIABLE,
    THREADS_VARIABLE,
)
_PATHS = (DATA_VARIABLE, CONFIGURATION_VARIABLE, "SALESFORCE_PRIVATE_KEY_FILE", "REQUESTS_CA_BUNDLE")


def environment() -> dict[str, str]:
    """Return the variables of this process and of its home; see `variables_of`."""
    return variables_of(None)


def variables_of(directory: str | Path | None, *, is_one_of_many: bool = False) -> dict[str, str]:
    """Return the variables of a home's .env and of this process, which win, with the home in SF_INSIGHTS_HOME.

    Args:
        directory: the home; None for the home of this process.
        is_one_of_many: whether this process works for several homes. If so, SALESFORCE_*, ZUORA_* and SF_INSIGHTS_* are
            read from .env alone, except for the day and the limits of DuckDB: those of the process
            cannot be meant for every home. The home of an org in an installation of many always is one of many.

    Raises:
        ConfigurationProblem: the home is among installed packages.
    """
    real = {name: value for name, value in os.environ.items() if value}
    home = found_home(real) if directory is None else named_home(directory)
    if is_one_of_many or (home and home.org):
        real = {name: real[name] for name in real if name in _OF_THE_MACHINE or not name.startswith(OF_A_HOME)}
    if home is None:
        return real
    shared = _from_file(Home(home.installation)) if home.org and home.installation else {}
    shared = {name: shared[name] for name in _OF_ALL_ORGS if name in shared}
    return {**shared, **_from_file(home), **real, HOME_VARIABLE: str(home.directory)}


def installation_of(variables: Mapping[str, str]) -> Path | None:
    """Return the directory of the installation of many orgs that the home of these variables is or belongs to.

    None if the home stands alone, or if variables move the data or the settings of a single home elsewhere.

    Raises:
        ConfigurationProblem: the home is among installed packages, or there is no such org.
    """
    home = found_home(variables)
    if home is None or (home.has_orgs and (variables.get(DATA_VARIABLE) or variables.get(CONFIGURATION_VARIABLE))):
        return None
    return home.installation


def existing_home(directory: str | Path) -> Home:
    """Return the home in a directory that has the YAML, or an .env that names it in SF_INSIGHTS_CONFIG.

    Raises:
        ConfigurationProblem: there is no home, or it is among installed packages.
    """
    home = named_home(directory)
    if not home.has_configuration and CONFIGURATION_VARIABLE not in _from_file(home):
        raise not_a_home(home.directory)
    return home


def child_environment() -> dict[str, str]:
    """Return the environment for a process that starts in another directory: it gets the same home and files."""
    paths = {name: str(Path(os.environ[name]).expanduser().absolute()) for name in _PATHS if os.environ.get(name)}
    home = found_home(os.environ)
    known = {name: value for name, value in os.environ.items() if name != ORG_VARIABLE}
    return {**known, **paths, **({HOME_VARIABLE: str(home.directory)} if home else {})}


def _from_file(home: Home) -> dict[str, str]:
    """Return the variables of .env; its relative paths start at the home.

    `${NAME}` is not replaced, because the variable may belong to another org. The day is left out, because only the
    process may set it.
    """
    if not os.path.exists(home.env_file):  # noqa: PTH110 - Path.exists() raises without permission
        return {}
    import dotenv  # without a .env, a command starts sooner

    variables = {name: value for name, value in dotenv.dotenv_values(home.env_file, interpolate=False).items() if value}
    variables.pop(TODAY_VARIABLE, None)
    paths = {name: str(home.directory / Path(variables[name]).expanduser()) for name in _PATHS if name in variables}
    return {**variables, **paths}


def names_an_org(variables: Mapping[str, str]) -> bool:
    """Tell whether a SALESFORCE_* variable is set."""
    return any(name.startswith(SALESFORCE) for name in variables)


def filled_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are not blank, without white space around their values."""
    return {name: value.strip() for name, value in variables.items() if value.strip()}


@dataclass(frozen=True)
class Places:
    """The files of one home, and what DuckDB may use to write its warehouse."""

    data: Path
    configuration: Path
    limits: DatabaseLimits = USUAL_LIMITS

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Places:
        """Return the files that SF_INSIGHTS_DATA_DIR and SF_INSIGHTS_CONFIG name, or else those of the home.

        Raises:
            ConfigurationProblem: there is no home, the home has many orgs, or the files are among installed packages.
        """
        named, moved = variables.get(CONFIGURATION_VARIABLE), variables.get(DATA_VARIABLE)
        if moved:
            data = Path(moved).expanduser().absolute()
            configuration = data / CONFIGURATION_NAME
        elif home := found_home(variables):
            if home.has_orgs and not named:
                raise which_org(home.directory)
            if not (named or home.is_checkout or home.has_configuration):
                raise not_a_home(home.directory)
            data, configuration = home.data, home.configuration
        else:
            raise no_home()
        refuse_installed(data)
        configuration = Path(named).expanduser().absolute() if named else configuration
        return cls(data, configuration, DatabaseLimits.from_environment(variables))

    @property
    def warehouse(self) -> Path:
        return self.data / WAREHOUSE_NAME

    @property
    def snapshot(self) -> Path:
        return self.data / SNAPSHOT_NAME

    @property
    def outbound(self) -> Path:
        """What the outbound side sent; its own file, since the inbound sync holds the warehouse for its whole run."""
        return self.data / OUTBOUND_NAME

    @property
    def published_outbound(self) -> Path:
        return self.data / PUBLISHED_OUTBOUND_NAME

    @property
    def landing(self) -> Path:
        return self.data / "landing"

    @property
    def history_landing(self) -> Path:
        """Where a backfill lands AccountHistory; a sync leaves it alone."""
        return self.data / "history_landing"


def today(variables: Mapping[str, str], zone: ZoneInfo) -> date:
    """Return the day of a sync that opens now: SF_INSIGHTS_TODAY, or the date in the configured time zone.

    Raises:
        ConfigurationProblem: SF_INSIGHTS_TODAY is not a date.
    """
    if TODAY_VARIABLE not in variables:
        return datetime.now(zone).date()
    try:
        return date.fromisoformat(variables[TODAY_VARIABLE])
    except ValueError:
        raise ConfigurationProblem(
            f"{TODAY_VARIABLE} is {variables[TODAY_VARIABLE]!r}, which is not a date.", "Write it as 2026-03-01."
        ) from None
