"""The one job of a home."""

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition


def daily_account_field_sync(
    name: str, assets: Sequence[dg.AssetsDefinition], checks: Sequence[dg.AssetChecksDefinition]
) -> UnresolvedAssetJobDefinition:
    """Return the job of these assets and checks alone; a project may have others."""
    return dg.define_asset_job(
        name,
        dg.AssetSelection.assets(*assets).without_checks() | dg.AssetSelection.checks(*checks),
        description="Reads the selected Account fields, matches the accounts, and publishes attributes and metrics.",
        # One process for a whole run: it holds the warehouse's lock, and a process per step would import all again.
        executor_def=dg.in_process_executor,
    )
