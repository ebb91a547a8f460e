"""The definitions of one home, from explicit lists, and those of all homes of an installation."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from sf_insights.across_orgs import across_orgs
from sf_insights.assets import ALL_ASSETS, HISTORY_ASSETS, OUTBOUND_ASSETS
from sf_insights.checks import ALL_CHECKS
from sf_insights.dagster_instance.names import Names, ResourceKey
from sf_insights.dagster_instance.recorded_runs import BACKFILL, DAILY_SYNC, ORG_NAME_TAG, OUTBOUND_SYNC
from sf_insights.dagster_resources import (
    OutboundResource,
    SalesforceResource,
    SettingsResource,
    WarehouseResource,
    ZuoraResource,
)
from sf_insights.domain.problems import ConfigurationProblem, Problem
from sf_insights.jobs import account_history_backfill, daily_account_field_sync, outbound_account_field_sync
from sf_insights.renaming import renamed_asset, renamed_checks
from sf_insights.schedules import daily_schedule, outbound_schedule
from sf_insights.sensors import runs_that_died
from sf_insights.settings.environment import existing_home, installation_of
from sf_insights.settings.home import ORG_VARIABLE, Home, named_home
from sf_insights.settings.installation import orgs_of

logger = logging.getLogger(__name__)


def definitions_of(home: str | Path | None, key_prefix: str | Sequence[str] | None) -> dg.Definitions:
    """Return the definitions of a home or an installation; see `sf_insights.account_field_sync`."""
    names = Names.under(key_prefix)
    installation = _installation(home)
    if installation is None:
        return _of_home(home, names)
    sets = []
    for org in orgs_of(installation):
        try:
            if org.trouble is not None:
                raise org.trouble
            sets.append(_of_home(org.home.directory, Names((*names.prefix, org.name))))
        except Problem as problem:  # the other orgs are loaded
            logger.warning("The org %s is left out: %s", org.name, problem)
    try:
        sets.append(across_orgs(installation))
    except Problem as problem:
        logger.warning("The table across orgs is left out: %s", problem)
    return dg.Definitions.merge(*sets)


def _installation(home: str | Path | None) -> Path | None:
    """Return the directory of the installation that is meant; None for a single home.

    A process in the home of one org loads the whole installation too: without the other orgs, their schedules stop.
    """
    if home is not None:
        named = named_home(home)
        return named.directory if named.has_orgs else None
    variables = {name: value for name, value in os.environ.items() if name != ORG_VARIABLE}
    try:
        return installation_of(variables)
    except ConfigurationProblem:  # a run says so; the location loads
        return None


def _of_home(home: str | Path | None, names: Names) -> dg.Definitions:
    directory = None if home is None else str(existing_home(home).directory)
    org = Home(Path(directory)).org if directory else None
    tags = {ORG_NAME_TAG: org} if org else {}
    prefix = list(names.prefix)
    settings = SettingsResource(home=directory, key_prefix=prefix)
    resources: dict[str, Any] = {
        ResourceKey(names, "settings", directory): settings,
        ResourceKey(names, "warehouse", directory): WarehouseResource(home=directory, key_prefix=prefix),
        ResourceKey(names, "salesforce", directory): SalesforceResource(home=directory, key_prefix=prefix),
        ResourceKey(names, "outbound", directory): OutboundResource(home=directory, key_prefix=prefix),
        ResourceKey(names, "zuora", directory): ZuoraResource(home=directory, key_prefix=prefix),
    }
    lake, history_lake = _lake(settings)
    assets = [renamed_asset(asset, names) for asset in (*ALL_ASSETS, *lake)]
    outbound = [renamed_asset(asset, names) for asset in OUTBOUND_ASSETS]
    history = [renamed_asset(asset, names) for asset in (*HISTORY_ASSETS, *history_lake)]
    checks = renamed_checks(ALL_CHECKS, names)
    if org:
        # Dagster describes every resource of a location in every job of it, which grows with the square of the orgs.
        assets = list(dg.with_resources(assets, resources))
        history = list(dg.with_resources(history, resources))
        outbound = list(dg.with_resources(outbound, resources))
        checks = list(dg.with_resources(checks, resources))
        resources = {}
    job = daily_account_field_sync(names.name(DAILY_SYNC), assets, checks, tags)
    outbound_job = outbound_account_field_sync(names.name(OUTBOUND_SYNC), outbound, tags)
    return dg.Definitions(
        assets=[*assets, *history, *outbound],
        asset_checks=checks,
        jobs=[job, outbound_job, account_history_backfill(names.name(BACKFILL), history, tags)],
        schedules=[daily_schedule(job, settings), outbound_schedule(outbound_job, settings)],
        sensors=[runs_that_died(names.name("runs_that_died"), settings)],
        resources=resources,
    )


def _lake(settings: SettingsResource) -> tuple[list[dg.AssetsDefinition], list[dg.AssetsDefinition]]:
    """Return the lake's assets of a sync and of a backfill if the home has one; other homes import nothing of it."""
    if not settings.has_lake:
        return [], []
    from sf_insights.assets.lake import published_history_lake, published_lake

    return [published_lake], [published_history_lake]
