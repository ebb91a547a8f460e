"""Add, rename, pause and remove the orgs of an installation. Each change is done completely or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sf_insights.domain.problems import ConfigurationProblem, WarehouseProblem
from sf_insights.domain.publish_to import PublishTo
from sf_insights.outbound.state import OutboundState
from sf_insights.settings.configuration_file import ConfigurationFile, editing
from sf_insights.settings.environment import Places, names_an_org, variables_of
from sf_insights.settings.home import (
    HOME_VARIABLE,
    INSTALLATION_NAME,
    ORG_VARIABLE,
    ORGS,
    WAREHOUSE_NAME,
    Home,
    found_home,
    named_home,
    org_of,
)
from sf_insights.settings.installation import INSTALLATION_TEXT, org_home, refuse_name
from sf_insights.settings.new_home import make_home
from sf_insights.system.clock import now
from sf_insights.system.durable import flush, write_when_missing
from sf_insights.warehouse.locked_database import LockedDatabase
from sf_insights.warehouse.warehouse import Warehouse

REMOVED = "removed"


def installation_in(variables: Mapping[str, str]) -> Path:
    """Return the directory of the installation that these variables or the working directory name.

    Raises:
        ConfigurationProblem: there is none.
    """
    home = found_home(_without_org(variables))
    if home is None or home.installation is None:
        raise ConfigurationProblem(
            "There is no installation of many orgs here.",
            "Make one in this directory with `sf-insights orgs add NAME`, or name one with --home.",
        )
    return home.installation


def installation_to_be(variables: Mapping[str, str]) -> Path:
    """Return the installation that a new org is added to: the one found, else the named or the working directory.

    Raises:
        ConfigurationProblem: the directory is the home of one org, or among installed packages.
    """
    home = found_home(_without_org(variables))
    if home is not None and home.installation is not None:
        return home.installation
    chosen = named_home(variables.get(HOME_VARIABLE) or Path.cwd())
    is_used = chosen.is_checkout and ((chosen.data / WAREHOUSE_NAME).exists() or names_an_org(variables_of(None)))
    if chosen.stands_alone or is_used:
        raise ConfigurationProblem(
            f"{chosen.directory} is the home of one org, not an installation of many. Nothing was written.",
            f"Choose another directory, and move this home to {ORGS}/NAME in it.",
        )
    return chosen.directory


def add_org(installation: Path, name: str) -> Home:
    """Make the home of a new org, switched off until its credentials are there.

    Raises:
        ConfigurationProblem: the name is invalid or taken, or the home cannot be written; then nothing was written.
    """
    refuse_name(name)
    _refuse_taken(installation, name)
    home = make_home(org_home(installation, name).directory)
    write_when_missing(INSTALLATION_TEXT, installation / INSTALLATION_NAME)
    switch_org(home, is_on=False)
    return home


def switch_org(home: Home, *, is_on: bool) -> None:
    """Pause or resume the syncs of an org, inbound and outbound, by `enabled` in its settings.

    Raises:
        ConfigurationProblem: the settings are invalid or cannot be edited.
    """
    with editing(Places.from_environment(variables_of(home.directory)).configuration) as file:
        edited: ConfigurationFile = file.with_settings({("enabled",): is_on})
        file.replace(edited)


def rename_org(installation: Path, name: str, new: str) -> tuple[Home, str | None]:
    """Rename an org. Its settings, data and backups stay with it; Dagster keeps its earlier runs under the old name.

    A lake whose schema is the name of the home keeps it: the settings name it from now on.

    Returns:
        The home, and the schema that was written into its settings; None if none was.

    Raises:
        ConfigurationProblem: there is no such org, the new name is invalid or taken, the schema cannot be written, or
            the files of its lake would move with the home.
        WarehouseProblem: a run of the org has not ended.
    """
    home = org_of(Home(installation), name)
    refuse_name(new)
    _refuse_taken(installation, new)
    renamed = org_home(installation, new)
    with _at_rest(home):
        schema = _keep_schema(home)
        _move(home, renamed.directory)
    return renamed, schema


def remove_org(installation: Path, name: str) -> Path:
    """Move the home of an org out of orgs/ and return where it is now. Nothing is deleted.

    Raises:
        ConfigurationProblem: there is no such org.
        WarehouseProblem: a run of the org has not ended.
    """
    home = org_of(Home(installation), name)
    target = installation / REMOVED / f"{name}-{now():%Y%m%d-%H%M%S}"
    target.parent.mkdir(exist_ok=True)
    with _at_rest(home):
        _move(home, target)
    return target


def _keep_schema(home: Home) -> str | None:
    """Write the schema of the lake into the settings if it is the name of the home; return what was written."""
    from sf_insights.lake.target import LakeTarget

    places = Places.from_environment(variables_of(home.directory))
    try:
        with editing(places.configuration) as file:
            publish_to = file.configuration.publish_to
            if publish_to is not None:
                _refuse_moving_lake(home, publish_to, places)
            if publish_to is None or publish_to.lake_schema is not None:
                return None
            schema = LakeTarget.of(publish_to, places).schema
            file.replace(file.with_settings({("publish_to", "schema"): schema}))
            return schema
    except ConfigurationProblem:
        if not _has_published(places):
            return None
        raise


def _refuse_moving_lake(home: Home, publish_to: PublishTo, places: Places) -> None:
    """Refuse to move a home if the path of its lake's files would change: the catalog keeps the whole path."""
    if publish_to.is_in_object_storage or not _has_published(places):
        return
    files = Path(publish_to.data).expanduser()
    if not files.is_absolute() or files.resolve().is_relative_to(home.directory.resolve()):
        name = home.directory.name
        raise ConfigurationProblem(
            f"{name} cannot be renamed: its lake has its files in {publish_to.data}, whose path would change with the "
            "name, and the catalog of the lake keeps the old path. Nothing was changed.",
            "Keep the name. Or write an absolute directory outside the home or s3://bucket/prefix as `data:` and "
            f"another `schema:` under `publish_to:`, run `sf-insights publish --org {name}`, and rename it then.",
        )


def _has_published(places: Places) -> bool:
    from sf_insights.lake.state import LakeState, read_state

    return read_state(places.data) != LakeState()


def _move(home: Home, target: Path) -> None:
    try:
        home.directory.rename(target)
        flush(home.directory.parent)
        flush(target.parent)
    except OSError as error:
        raise ConfigurationProblem(
            f"{home.directory} cannot be moved to {target}: {error.strerror}. Nothing was changed.",
            "Run this as the user that owns the installation.",
        ) from None


@contextmanager
def _at_rest(home: Home) -> Iterator[None]:
    """Hold the locks of an org, so that no run of it is under way or starts.

    Raises:
        WarehouseProblem: a run has not ended.
    """
    places = Places(home.data, home.configuration)
    held: list[LockedDatabase] = []
    try:
        databases: tuple[LockedDatabase, ...] = (Warehouse.of(places), OutboundState.of(places))
        for database in databases:
            if database.path.exists():
                if running := database.holder():
                    raise WarehouseProblem(f"{home.directory.name} is in use: {running}.", "Wait for it to end.")
                database.hold("sf-insights orgs", wait_seconds=0)
                held.append(database)
        yield
    finally:
        for database in held:
            database.close()


def _refuse_taken(installation: Path, name: str) -> None:
    if os.path.lexists(org_home(installation, name).directory):
        raise ConfigurationProblem(
            f"There is an org {name} already. Nothing was written.", "Choose another name, or remove that org first."
        )


def _without_org(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name != ORG_VARIABLE}
