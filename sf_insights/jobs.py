"""The one job."""

import dagster as dg

from sf_insights.dagster_instance.recorded_runs import DAILY_SYNC

daily_account_field_sync = dg.define_asset_job(
    DAILY_SYNC,
    dg.AssetSelection.all(),
    description="Reads the selected Account fields, matches the accounts, and publishes attributes and metrics.",
    executor_def=dg.in_process_executor,
)
