"""The plan of this sync: which fields it reads, as attribute or metric, and which are paused; and the labels."""

import hashlib
from collections.abc import Iterable

import dagster as dg

from sf_insights.assets.catalog import account_fields
from sf_insights.assets.metadata import table_metadata
from sf_insights.dagster_resources import SettingsResource, WarehouseResource, ZuoraResource
from sf_insights.domain.syncs.stages import PLAN
from sf_insights.warehouse.fields.labels import labels_after, load_labels, save_labels, take_over_labels
from sf_insights.warehouse.fields.plan import load_plan, make_plan


@dg.asset(key=["salesforce", "selected_fields"], group_name="salesforce", deps=[account_fields], kinds={"yaml"})
def selected_fields(
    context: dg.AssetExecutionContext, settings: SettingsResource, warehouse: WarehouseResource, zuora: ZuoraResource
) -> dg.MaterializeResult:
    """One row per selected field: what this sync does with it, or why it is paused."""
    with warehouse.step(context, PLAN, settings) as step:
        # Fail on the account source, the fields and the labels before reading Salesforce.
        zuora.source(step.sync.configuration, step.retry).check()
        with step.transaction() as tx:
            plan = make_plan(tx, step.sync)
            labels_after(tx, step.sync.configuration, plan)
            metadata = table_metadata(tx, "salesforce", "selected_fields")
    paused = {field.name: field.paused_because for field in plan if not field.is_read}
    for name, reason in paused.items():
        context.log.warning(f"{name} is paused: {reason}")
    return dg.MaterializeResult(
        metadata={
            **metadata,
            "seconds": step.seconds,
            "attributes": sum(field.category == "attribute" for field in plan),
            "metrics": sum(field.category == "metric" for field in plan),
            "paused": len(paused),
        }
    )


@dg.asset(key=["insights", "field_labels"], group_name="insights", deps=[selected_fields], kinds={"duckdb"})
def field_labels(
    context: dg.AssetExecutionContext, settings: SettingsResource, warehouse: WarehouseResource
) -> dg.MaterializeResult:
    """One row per field that was ever selected: its label, and whether a person wrote it. Does not read Salesforce.

    The data version covers which fields have a label, not the texts: the model needs only the former, and publishing
    writes the views again with the texts. An edited label therefore does not make the model stale.
    """
    with warehouse.relabelling(context) as step, step.transaction() as tx:
        # Use the file's current content, not the sync's copy: relabelling materializes only this asset.
        if problem := take_over_labels(tx, settings.places.configuration):
            if step.sync.run_id != context.run.run_id:
                raise problem
            # A file that becomes invalid during a sync does not stop the sync.
            context.log.warning(f"This sync keeps the labels that it started with. {problem}")
            labels = labels_after(tx, step.sync.configuration, load_plan(tx))
            save_labels(tx, labels.values())
        planned, saved = load_plan(tx), load_labels(tx)
        default_labels = sum(saved[field.name].source == "default" for field in planned if field.name in saved)
        named = [field for (field,) in tx.execute("SELECT field FROM insights.field_labels")]
        metadata = table_metadata(tx, "insights", "field_labels")
    return dg.MaterializeResult(
        metadata={
            **metadata,
            "seconds": step.seconds,
            "labels_of_selected_fields": len(planned),
            "default_labels": default_labels,
        },
        data_version=dg.DataVersion(_names_digest(named)),
    )


def _names_digest(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]
