"""The jobs of a home: one reads Salesforce each day, one writes to it, and one reads its history on demand."""

from collections.abc import Mapping, Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition


def daily_account_field_sync(
    name: str,
    assets: Sequence[dg.AssetsDefinition],
    checks: Sequence[dg.AssetChecksDefinition],
    tags: Mapping[str, str],
) -> UnresolvedAssetJobDefinition:
    """Return the job of these assets and checks alone; a project may have others."""
    return dg.define_asset_job(
        name,
        dg.AssetSelection.assets(*assets).without_checks() | dg.AssetSelection.checks(*checks),
        description="Reads the selected Account fields, matches the accounts, and publishes attributes and metrics.",
        # One process for a whole run: it holds the warehouse's lock, and a process per step would import all again.
        executor_def=dg.in_process_executor,
        tags=tags,
    )


def outbound_account_field_sync(
    name: str, assets: Sequence[dg.AssetsDefinition], tags: Mapping[str, str]
) -> UnresolvedAssetJobDefinition:
    """Return the job that sends values to Salesforce; it reads only the published snapshot."""
    return _job(
        name,
        assets,
        tags,
        "Compares Insights values with what was last sent and with Salesforce, and writes what differs.",
    )


def account_history_backfill(
    name: str, assets: Sequence[dg.AssetsDefinition], tags: Mapping[str, str]
) -> UnresolvedAssetJobDefinition:
    """Return the job that fills days without a sync from Salesforce's field history; it has no schedule."""
    return _job(
        name, assets, tags, "Reads AccountHistory once, and fills the days before the first sync and the missed ones."
    )


def _job(
    name: str, assets: Sequence[dg.AssetsDefinition], tags: Mapping[str, str], description: str
) -> UnresolvedAssetJobDefinition:
    return dg.define_asset_job(
        name,
        dg.AssetSelection.assets(*assets),
        description=description,
        executor_def=dg.in_process_executor,
        tags=tags,
    )
