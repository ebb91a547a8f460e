"""Both account lists, complete and typed: Salesforce Accounts and Insights accounts."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import dagster as dg

from sf_insights.assets.fields import selected_fields
from sf_insights.assets.metadata import table_metadata
from sf_insights.assets.progress import progress_of
from sf_insights.assets.replanning import plan_without_refused
from sf_insights.dagster_resources import SalesforceResource, SettingsResource, Step, WarehouseResource, ZuoraResource
from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import AccountField, fingerprint
from sf_insights.domain.fields.masking import REMEDY, warning
from sf_insights.domain.fields.plan import PlannedField
from sf_insights.domain.problems import ConnectionProblem
from sf_insights.domain.soql import columns_to_read
from sf_insights.domain.syncs.stages import SALESFORCE, ZUORA
from sf_insights.domain.wording import counted
from sf_insights.domain.zuora_columns import PAUSED_REMEDY
from sf_insights.salesforce.errors import RequestRefused
from sf_insights.salesforce.extraction import Extraction, extract_accounts
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.system.clock import now
from sf_insights.system.durable import PRIVATE_DIRECTORY
from sf_insights.warehouse.accounts.raw_accounts import apply_landed
from sf_insights.warehouse.accounts.record_texts import known_texts
from sf_insights.warehouse.accounts.zuora_accounts import apply_list
from sf_insights.warehouse.fields.catalog import load_catalog
from sf_insights.warehouse.fields.masked_fields import masked_fields
from sf_insights.warehouse.fields.plan import load_plan
from sf_insights.warehouse.fields.states import inactive_fields
from sf_insights.warehouse.syncs import syncs


@dg.asset(
    key=["salesforce", "raw_accounts"],
    group_name="salesforce",
    deps=[selected_fields],
    kinds={"salesforce", "polars", "duckdb"},
)
def raw_accounts(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    warehouse: WarehouseResource,
    salesforce: SalesforceResource,
) -> dg.MaterializeResult:
    """One row per Salesforce Account, including deleted and merged ones, with the selected fields."""
    with warehouse.step(context, SALESFORCE, settings) as step:
        org = salesforce.connected(step.retry)
        org_id = org.org_id
        with step.transaction() as tx:
            syncs.refuse_another_org(tx, step.sync, org_id)
            plan, catalog = load_plan(tx), load_catalog(tx)
        read = None
        try:
            read = _extract(context, warehouse, step, org, plan, catalog, settings.places.landing)
        except RequestRefused as refused:
            # A field that vanished after the catalog was read is paused; the sync continues without it.
            again = plan_without_refused(step.warehouse, step.sync, org, plan, refused)
            if again is None:
                raise
            plan, catalog = again
            context.log.warning(f"reading again without the field that Salesforce refuses to read: {refused}")
        if read is None:  # outside the handler, because a dropped signal does not stop a run that handles an error
            read = _extract(context, warehouse, step, org, plan, catalog, settings.places.landing)
        landed, record_count = read.landed, _record_count(context, org)
        step.warehouse.expect(settings.places.landing.glob("*"))
        with step.transaction() as tx:
            apply_landed(tx, step.sync, landed, plan)
            syncs.record(
                tx,
                step.sync.number,
                salesforce_read_at=read.read_at,
                salesforce_landed_at=now(),
                read_by=read.method,
                downgrade_reason=read.downgrade_reason,
                salesforce_accounts=landed.live,
                salesforce_records=read.announced_records,
                salesforce_record_count=record_count,
                salesforce_api_calls=org.api_calls,
            )
            masked = masked_fields(tx, plan)
            names = {name: field.label for name, field in catalog.items()}
            metadata = table_metadata(tx, "salesforce", "raw_accounts", names)
    for name in masked:
        context.log.warning(f"{warning(name, True)} {REMEDY}")
    if read.downgrade_reason:
        context.log.warning(f"read through REST because the Bulk API was refused: {read.downgrade_reason}")
    return dg.MaterializeResult(
        metadata={
            **metadata,
            "seconds": step.seconds,
            "live_accounts": landed.live,
            "records_read": landed.records,
            "records_cast": landed.cast,
            "rejected_values": landed.rejected.total(),
            "read_at": dg.MetadataValue.timestamp(read.read_at),
            "masked_fields": ", ".join(masked),
            "read_by": read.method,
            "api_calls": org.api_calls,
        }
    )


@dg.asset(
    key=["zuora", "accounts"],
    group_name="zuora",
    deps=[selected_fields],
    kinds={"zuora", "duckdb"},
)
def zuora_accounts(
    context: dg.AssetExecutionContext, settings: SettingsResource, warehouse: WarehouseResource, zuora: ZuoraResource
) -> dg.MaterializeResult:
    """One row per Insights account: today's Zuora Billing accounts, with their CRM Account ID unchanged."""
    with warehouse.step(context, ZUORA, settings) as step:
        source = zuora.source(step.sync.configuration, step.retry)
        directory = settings.places.landing / "insights_accounts"
        landed = source.land(directory)
        step.warehouse.expect(directory.rglob("*"))
        with step.transaction() as tx:
            apply_list(tx, step.sync, landed)
            syncs.record(
                tx,
                step.sync.number,
                zuora_landed_at=now(),
                zuora_accounts=landed.accounts,
                zuora_api_calls=source.api_calls,
            )
            metadata = table_metadata(tx, "zuora", "accounts")
        landed.remove()
    for name, why in landed.refused.items():
        context.log.warning(f"{name} is paused and keeps its last values: {why}. {PAUSED_REMEDY}")
    for name, count in landed.extra.rejected.items():
        context.log.warning(f"{counted(count, 'value')} of {name} did not fit the type: see zuora.rejected_values")
    return dg.MaterializeResult(
        metadata={
            **metadata,
            "seconds": step.seconds,
            "source": source.name,
            "api_calls": source.api_calls,
            "rejected_values": landed.extra.rejected.total(),
            "paused_columns": ", ".join(landed.refused),
        }
    )


def _extract(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    step: Step,
    org: SalesforceOrg,
    plan: Iterable[PlannedField],
    catalog: ByApiName[AccountField],
    directory: Path,
) -> Extraction:
    read = [planned.field for planned in plan if planned.is_read]
    columns = columns_to_read(catalog, read)
    directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    with step.transaction() as tx:
        new = inactive_fields(tx, step.sync.day, [field.name for field in read])
        known = known_texts(tx, columns, directory, may_be_new=new)
    reading = partial(
        extract_accounts,
        org,
        columns,
        directory,
        known=known,
        day=str(step.sync.day),
        describe_fingerprint=fingerprint(catalog.values()),
        on_progress=progress_of(context, warehouse),
    )
    return step.retry.run(reading)  # a query can fail temporarily


def _record_count(context: dg.AssetExecutionContext, org: SalesforceOrg) -> int | None:
    """Return Salesforce's own count of Accounts, which only helps to explain misses; None if it is unknown."""
    try:
        return org.record_count()
    except ConnectionProblem as problem:
        context.log.warning(f"Salesforce's own count of Accounts is unknown: {problem}")
        return None
