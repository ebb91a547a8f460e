"""Both account lists, complete and typed."""

import dagster as dg

from sf_insights.assets.catalog import NETWORK_RETRIES
from sf_insights.assets.fields import selected_fields
from sf_insights.assets.metadata import table_metadata
from sf_insights.domain.soql import columns_to_read, select_accounts
from sf_insights.resources import account_tables, field_tables, syncs
from sf_insights.resources.bulk import AccountSnapshot, Progress
from sf_insights.resources.connections import SalesforceResource, SettingsResource, WarehouseResource, ZuoraResource
from sf_insights.resources.landing import empty_landing, land_pages
from sf_insights.resources.settings import now


@dg.asset(
    key=["salesforce", "raw_accounts"],
    group_name="salesforce",
    deps=[selected_fields],
    kinds={"salesforce", "polars", "duckdb"},
    retry_policy=NETWORK_RETRIES,
)
def raw_accounts(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    warehouse: WarehouseResource,
    salesforce: SalesforceResource,
) -> dg.MaterializeResult:
    """One row per Salesforce Account, deleted and merged ones included, with the selected fields."""
    with warehouse.step(context) as step:
        org, landing = salesforce.connected(), settings.places.landing
        with step.transaction() as tx:
            plan, catalog = field_tables.load_plan(tx), field_tables.load_catalog(tx)
        columns = columns_to_read(catalog, [planned.field for planned in plan if planned.is_read])
        empty_landing(landing)
        with AccountSnapshot(org, select_accounts(columns), landing, on_progress=_progress(context)) as snapshot:
            landed = land_pages(snapshot.pages(), columns, landing)
        with step.transaction() as tx:
            account_tables.apply_landed(tx, step.sync, landed, plan)
            syncs.record(
                tx,
                step.sync.number,
                salesforce_landed_at=now(),
                read_by=snapshot.method,
                downgrade_reason=snapshot.downgrade_reason,
                salesforce_accounts=landed.live,
                salesforce_records=landed.records,
                salesforce_record_count=org.record_count(),
                salesforce_api_calls=org.api_calls,
            )
            metadata = table_metadata(tx, "salesforce", "raw_accounts")
    if snapshot.downgrade_reason:
        context.log.warning(f"read through REST, since the Bulk API was refused: {snapshot.downgrade_reason}")
    return dg.MaterializeResult(
        metadata={
            **metadata,
            "live_accounts": landed.live,
            "records_read": landed.records,
            "rejected_values": landed.rejected.total(),
            "read_by": snapshot.method,
            "api_calls": org.api_calls,
        }
    )


@dg.asset(
    key=["zuora", "accounts"],
    group_name="zuora",
    deps=[selected_fields],
    kinds={"zuora", "duckdb"},
    retry_policy=NETWORK_RETRIES,
)
def zuora_accounts(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, zuora: ZuoraResource
) -> dg.MaterializeResult:
    """One row per Insights account: the Zuora Billing accounts of today, with their CRM Account ID as it stands."""
    with warehouse.step(context) as step:
        source = zuora.source(step.sync.configuration)
        accounts = source.read_accounts()
        with step.transaction() as tx:
            account_tables.replace_zuora_accounts(tx, step.sync, accounts)
            syncs.record(
                tx,
                step.sync.number,
                zuora_landed_at=now(),
                zuora_accounts=len(accounts),
                zuora_api_calls=source.api_calls,
            )
            metadata = table_metadata(tx, "zuora", "accounts")
    return dg.MaterializeResult(metadata={**metadata, "source": source.name, "api_calls": source.api_calls})


def _progress(context: dg.AssetExecutionContext):
    """Tell the log each time the state changes or the records have doubled: enough to see that it moves."""
    told = {"state": "", "records": 0}

    def report(progress: Progress) -> None:
        if progress.state != told["state"] or progress.records >= 2 * told["records"] > 0:
            told.update(state=progress.state, records=progress.records)
            rate = progress.records / progress.seconds if progress.seconds else 0
            context.log.info(
                f"{progress.state}: {progress.records:,} of {progress.records_found:,} records, {rate:,.0f} a second"
            )

    return report
