"""Installations of many orgs: a home per org in orgs/NAME, and the settings that all of them share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from sf_insights.domain.problems import ConfigurationProblem, Problem
from sf_insights.domain.publish_to import ALL_ORGS, PublishTo
from sf_insights.settings.database_limits import DatabaseLimits
from sf_insights.settings.environment import Places, existing_home, variables_of
from sf_insights.settings.home import INSTALLATION_NAME, ORG_NAME, ORGS, Home, org_directories

_TIME_OF_DAY = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]")
MOST_AT_ONCE = 2  # a run of 100,000 accounts needs most of a core and up to 0.9 GB
DAGSTER_URL = "http://127.0.0.1:3000"
PUBLISH_AT = "07:00"
INSTALLATION_TEXT = f"""\
# What the orgs below orgs/ share. Everything else is in the home of each org.

# How many runs Dagster starts at the same time, and never two of one org. Allow 1 GB of memory for each.
# Restart Dagster's daemon after a change. A dagster.yaml of your own, such as for PostgreSQL, has this setting itself.
max_concurrent_runs: {MOST_AT_ONCE}

# Where Dagster's web server answers. `sf-insights orgs add` and others ask it to show the change.
dagster_url: {DAGSTER_URL}

# One table with the accounts of all orgs, in a lake beside those of the orgs; see "The table across orgs" in
# docs/lake.md. One installation alone writes it. The time is UTC.
# publish_to:
#   catalog: postgresql://lake@db.example.com/insights
#   data: s3://insights/
# publish_at: "{PUBLISH_AT}"
"""
_REMEDIES = {
    "max_concurrent_runs": "Write how many runs may run at once, from 1 to 1000.",
    "dagster_url": f"Write the address of Dagster's web server, such as {DAGSTER_URL}.",
    "publish_to": "Write a catalog and a place for the data; docs/lake.md shows both.",
    "publish_at": f'Write a quoted time of day in UTC, such as "{PUBLISH_AT}".',
}


@dataclass(frozen=True)
class Org:
    """One directory in orgs/. `trouble` says why it is not a home; None if it is one."""

    name: str
    home: Home
    trouble: Problem | None = None


@dataclass(frozen=True)
class InstallationSettings:
    """The settings in installation.yaml."""

    max_concurrent_runs: int = MOST_AT_ONCE
    dagster_url: str = DAGSTER_URL
    publish_to: PublishTo | None = None  # the table across orgs
    publish_at: str = PUBLISH_AT


def orgs_of(installation: Path) -> list[Org]:
    """Return the orgs of an installation by name, also those that cannot be synced."""
    return [Org(path.name, Home(path), trouble_of(Home(path))) for path in org_directories(installation)]


def trouble_of(home: Home) -> Problem | None:
    """Return why a directory in orgs/ is not a home of an org; None if it is one."""
    try:
        refuse_name(home.directory.name)
        existing_home(home.directory)
    except Problem as problem:
        return problem
    return None


def refuse_name(name: str) -> None:
    """Refuse a name that cannot be part of the names of jobs and of a PostgreSQL schema.

    Raises:
        ConfigurationProblem: it is not a lower-case letter followed by at most 62 of a-z, 0-9 and _, or it names a
            schema that is not for an org.
    """
    if name == ALL_ORGS or name.startswith("pg_") or name == "information_schema":
        raise ConfigurationProblem(
            f"{name!r} cannot be the name of an org.",
            f"PostgreSQL keeps names that begin with pg_ and information_schema, and {ALL_ORGS} is the table across "
            "orgs; choose another name, such as emea.",
        )
    if not ORG_NAME.fullmatch(name):
        raise ConfigurationProblem(
            f"{name!r} cannot be the name of an org.",
            "Begin with a letter, and use only a-z, 0-9 and _, at most 63 characters, such as emea.",
        )


def settings_of(installation: Path) -> InstallationSettings:
    """Read installation.yaml; without it, everything has its default.

    Raises:
        ConfigurationProblem: it is not valid YAML, or has a setting that does not exist or an invalid value.
    """
    try:
        content = YAML(typ="safe").load((installation / INSTALLATION_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return InstallationSettings()
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        said = str(getattr(error, "problem", None) or getattr(error, "strerror", None) or "it is not UTF-8")
        raise ConfigurationProblem(f"{INSTALLATION_NAME} cannot be read: {said}.", "Correct the file.") from None
    if not isinstance(content or {}, dict):
        raise ConfigurationProblem(f"{INSTALLATION_NAME} has no settings in it.", "Write max_concurrent_runs: 2.")
    return InstallationSettings(**{name: _valid(name, value) for name, value in (content or {}).items()})


def places_of(installation: Path) -> Places:
    """Return the places of an installation itself, which has the lock and the notes of the table across orgs."""
    limits = DatabaseLimits.from_environment(variables_of(installation))
    return Places(installation, installation / INSTALLATION_NAME, limits)


def _valid(name: str, value: Any) -> Any:
    match name:
        case "max_concurrent_runs" if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1000:
            return value
        case "dagster_url" if isinstance(value, str) and value.startswith(("http://", "https://")):
            return value.rstrip("/")
        case "publish_at" if isinstance(value, str) and _TIME_OF_DAY.fullmatch(value):
            return value
        case "publish_to" if isinstance(value, dict):
            return _table(value)
    if name not in _REMEDIES:
        raise ConfigurationProblem(
            f"{INSTALLATION_NAME}: there is no setting {name}.", f"Allowed: {', '.join(_REMEDIES)}."
        )
    raise ConfigurationProblem(f"{INSTALLATION_NAME}: {name} is {value!r}.", _REMEDIES[name])


def _table(value: dict[str, Any]) -> PublishTo:
    if "schema" in value:
        raise ConfigurationProblem(
            f"{INSTALLATION_NAME}: publish_to has a schema.", "Remove it: the table across orgs has its own, all_orgs."
        )
    try:
        return PublishTo.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        raise ConfigurationProblem(
            f"{INSTALLATION_NAME}: publish_to: {at}: {first['msg'].removeprefix('Value error, ')}.", "Correct the file."
        ) from None


def org_home(installation: Path, name: str) -> Home:
    """Return where the home of an org is, or will be."""
    return Home(installation / ORGS / name)
