"""The snapshot: the file that analysts open."""

import dagster as dg

from sf_insights.assets.fields import field_labels
from sf_insights.assets.model import insights_model
from sf_insights.dagster_resources import SettingsResource, WarehouseResource
from sf_insights.salesforce.parquet_pages import empty_landing
from sf_insights.warehouse.fields.labels import load_labels, take_over_labels
from sf_insights.warehouse.fields.states import load_states
from sf_insights.warehouse.model.views import write_views
from sf_insights.warehouse.publishing import publish, was_published
from sf_insights.warehouse.syncs.published_state import published_state


@dg.asset(
    key=["insights", "published_snapshot"],
    group_name="insights",
    deps=[insights_model, field_labels],
    kinds={"duckdb"},
)
def published_snapshot(
    context: dg.AssetExecutionContext, settings: SettingsResource, warehouse: WarehouseResource
) -> dg.MaterializeResult:
    """account_insights.duckdb: a read-only copy of the warehouse after a complete sync, replaced in one step."""
    places = settings.places
    with warehouse.after_sync(context) as step:
        is_synced = step.sync.run_id == context.run.run_id
        with step.transaction() as tx:
            # Publish the labels that a person wrote during the sync, too.
            named = load_labels(tx), load_states(tx)
            if problem := take_over_labels(tx, places.configuration):
                context.log.warning(f"The labels stay unchanged. {problem}")
            if not is_synced or (load_labels(tx), load_states(tx)) != named:  # this run's model wrote the views
                write_views(tx)
            is_unseen = not was_published(tx)
        size = publish(step.warehouse, places.snapshot, after_sync=is_synced)
        with step.transaction() as tx:
            news = published_state(tx, brings_sync=is_synced or is_unseen)
    settings.alerts().published(news)
    # Relabelling keeps the landed files, because the sync after a killed one may still need them.
    if is_synced:
        empty_landing(places.landing)
        warehouse.forget_runs(context, step.sync.configuration.retention.run_days)
    return dg.MaterializeResult(
        metadata={
            "snapshot": dg.MetadataValue.path(str(places.snapshot)),
            "bytes": size,
            "seconds": step.seconds,
            "sync": step.sync.number,
            "day": str(step.sync.day),
        }
    )
