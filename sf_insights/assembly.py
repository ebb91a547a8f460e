"""The definitions of one home, from explicit lists."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from sf_insights.assets import ALL_ASSETS, HISTORY_ASSETS, OUTBOUND_ASSETS
from sf_insights.checks import ALL_CHECKS
from sf_insights.dagster_instance.names import Names, ResourceKey
from sf_insights.dagster_instance.recorded_runs import BACKFILL, DAILY_SYNC, OUTBOUND_SYNC
from sf_insights.dagster_resources import (
    OutboundResource,
    SalesforceResource,
    SettingsResource,
    WarehouseResource,
    ZuoraResource,
)
from sf_insights.jobs import account_history_backfill, daily_account_field_sync, outbound_account_field_sync
from sf_insights.renaming import renamed_asset, renamed_check
from sf_insights.schedules import daily_schedule, outbound_schedule
from sf_insights.sensors import runs_that_died
from sf_insights.settings.environment import existing_home


def definitions_of(home: str | Path | None, key_prefix: str | Sequence[str] | None) -> dg.Definitions:
    """Return the definitions of a home; see `sf_insights.account_field_sync`."""
    names = Names.under(key_prefix)
    directory = None if home is None else str(existing_home(home).directory)
    prefix = list(names.prefix)
    settings = SettingsResource(home=directory, key_prefix=prefix)
    assets = [renamed_asset(asset, names) for asset in ALL_ASSETS]
    outbound = [renamed_asset(asset, names) for asset in OUTBOUND_ASSETS]
    history = [renamed_asset(asset, names) for asset in HISTORY_ASSETS]
    checks = [renamed_check(check, names) for check in ALL_CHECKS]
    job = daily_account_field_sync(names.name(DAILY_SYNC), assets, checks)
    outbound_job = outbound_account_field_sync(names.name(OUTBOUND_SYNC), outbound)
    return dg.Definitions(
        assets=[*assets, *history, *outbound],
        asset_checks=checks,
        jobs=[job, outbound_job, account_history_backfill(names.name(BACKFILL), history)],
        schedules=[daily_schedule(job, settings), outbound_schedule(outbound_job, settings)],
        sensors=[runs_that_died(names.name("runs_that_died"), settings)],
        resources={
            ResourceKey(names, "settings", directory): settings,
            ResourceKey(names, "warehouse", directory): WarehouseResource(home=directory, key_prefix=prefix),
            ResourceKey(names, "salesforce", directory): SalesforceResource(home=directory, key_prefix=prefix),
            ResourceKey(names, "outbound", directory): OutboundResource(home=directory, key_prefix=prefix),
            ResourceKey(names, "zuora", directory): ZuoraResource(home=directory, key_prefix=prefix),
        },
    )
