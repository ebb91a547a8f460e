"""The insights tables. One transaction writes them all, so they change together or not at all."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from sf_insights.assets.fields import field_labels
from sf_insights.assets.matching import matched_accounts
from sf_insights.assets.metadata import PREVIEW_ROWS, table_metadata
from sf_insights.dagster_resources import SettingsResource, WarehouseResource
from sf_insights.domain.syncs.stages import MODEL
from sf_insights.sql import render
from sf_insights.warehouse.fields.labels import load_labels
from sf_insights.warehouse.model.changes import changes_of, changes_of_attributes
from sf_insights.warehouse.model.metrics import metric_points
from sf_insights.warehouse.model.model import model_sync

_TABLES = {
    "fields": "One row per field that was ever selected: what it is, and whether it is synced, paused or deselected.",
    "account_attributes": "One row per Insights account that ever matched, one typed column per attribute.",
    "attribute_changes": "One row per attribute value that changed after the field's first sync.",
    "account_metrics": "One row per account, metric and synced day.",
}

# One day, plus two hours in case a sync takes longer than the previous one.
STALE_AFTER = timedelta(hours=26)
# Freshness is measured here and not at the snapshot, which is also published again after a label change.
FRESH = dg.FreshnessPolicy.time_window(fail_window=STALE_AFTER, warn_window=timedelta(hours=25))


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            key=["insights", table],
            group_name="insights",
            deps=[matched_accounts, field_labels],
            description=description,
            kinds={"duckdb"},
            skippable=True,
            freshness_policy=FRESH,
        )
        for table, description in _TABLES.items()
    ],
    can_subset=True,
)
def insights_model(
    context: dg.AssetExecutionContext, settings: SettingsResource, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult]:
    """Update attributes, their changes, metrics and the state of every field, and complete the sync.

    A run that selects some of these tables updates them all, and reports a materialization of each.
    """
    with warehouse.step(context, MODEL, settings) as step, step.transaction() as tx:
        ended = model_sync(tx, step.sync)
        changed = changes_of(tx, step.sync.day)
        labels = {name: label.text for name, label in load_labels(tx).items()}
        metadata = {
            "fields": table_metadata(tx, "insights", "fields", labels),
            "attribute_changes": table_metadata(
                tx,
                "insights",
                "attribute_changes",
                labels,
                rows=changes_of_attributes(tx),
                key_table="ops.attribute_changes",
            ),
        }
        metadata["account_attributes"] = table_metadata(tx, "insights", "account_attributes", labels)
        metadata["account_metrics"] = table_metadata(
            tx,
            "insights",
            "account_metrics",
            labels,
            rows=metric_points(tx),
            preview=f"({render('insights/todays_metrics', rows=PREVIEW_ROWS)})",
        )
    seconds = step.seconds  # for all four tables together
    metadata["account_attributes"] |= {
        "values_changed": changed.values,
        "accounts_changed": changed.accounts,
        "accounts_ended": ended,
    }
    for table in _TABLES:
        key, facts = (
            dg.AssetKey(settings.names.key(["insights", table])),
            {**metadata[table], "seconds": seconds, "day": str(step.sync.day)},
        )
        if key in context.selected_asset_keys:
            yield dg.MaterializeResult(asset_key=key, metadata=facts)
        else:
            context.log_event(dg.AssetMaterialization(key, metadata=facts))
