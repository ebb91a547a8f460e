"""The lake: the published snapshot for readers on any machine. Only homes with `publish_to:` have these assets."""

import time
from collections.abc import Iterator

import dagster as dg

from sf_insights.assets.history import published_history
from sf_insights.assets.publish import published_snapshot
from sf_insights.dagster_resources import SettingsResource, WarehouseResource
from sf_insights.lake.bringing import bring_up_to_date


@dg.asset(
    key=["insights", "published_lake"],
    group_name="insights",
    deps=[published_snapshot],
    kinds={"duckdb", "postgres"},
    output_required=False,
)
def published_lake(
    context: dg.AssetExecutionContext, settings: SettingsResource, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult]:
    """The published snapshot in a DuckLake: what changed is written in one transaction, and each day stays readable.

    Until Dagster loads the definitions again, a home whose settings name no lake any more skips this asset.
    """
    yield from _brought(context, settings, warehouse)


@dg.asset(
    key=["insights", "published_history_lake"],
    group_name="insights",
    deps=[published_history],
    kinds={"duckdb", "postgres"},
    output_required=False,
)
def published_history_lake(
    context: dg.AssetExecutionContext, settings: SettingsResource, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult]:
    """The published snapshot in the DuckLake again, with the history that a backfill filled."""
    yield from _brought(context, settings, warehouse)


def _brought(
    context: dg.AssetExecutionContext, settings: SettingsResource, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult]:
    began = time.monotonic()
    with warehouse.publishing_lake(context):
        if (publish_to := settings.lake()) is None:
            context.log.info("The settings name no lake any more.")
            return
        brought = bring_up_to_date(publish_to, settings.places, settings.variables)
    publication, maintained = brought.publication, brought.maintained
    if maintained.warning:
        context.log.warning(maintained.warning)
    yield dg.MaterializeResult(
        metadata={
            "lake": str(brought.target),
            "files": dg.MetadataValue.path(brought.target.files),
            "sync": publication.sync,
            "day": str(publication.day),
            "tables": len(publication.tables),
            "rows": publication.rows,
            "views": publication.views,
            "states_forgotten": maintained.states,
            "files_deleted": maintained.files,
            "seconds": round(time.monotonic() - began, 3),
        }
    )
