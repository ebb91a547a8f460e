"""The code location: everything that Dagster loads, in explicit lists."""

import dagster as dg

from sf_insights.assets import ALL_ASSETS
from sf_insights.checks import ALL_CHECKS
from sf_insights.dagster_resources import SalesforceResource, SettingsResource, WarehouseResource, ZuoraResource
from sf_insights.jobs import daily_account_field_sync
from sf_insights.schedules import daily_schedule
from sf_insights.sensors import runs_that_died

defs = dg.Definitions(
    assets=ALL_ASSETS,
    asset_checks=ALL_CHECKS,
    jobs=[daily_account_field_sync],
    schedules=[daily_schedule],
    sensors=[runs_that_died],
    resources={
        "settings": SettingsResource(),
        "warehouse": WarehouseResource(),
        "salesforce": SalesforceResource(),
        "zuora": ZuoraResource(),
    },
    # One process for a whole run: it holds the warehouse's lock, and a process per step would import everything anew.
    executor=dg.in_process_executor,
)
