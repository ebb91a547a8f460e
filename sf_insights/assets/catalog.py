"""The catalog: the Account fields that the integration user can see."""

import dagster as dg

from sf_insights.assets.metadata import table_metadata
from sf_insights.dagster_resources import SalesforceResource, SettingsResource, WarehouseResource
from sf_insights.domain.fields.field_types import fingerprint
from sf_insights.domain.quota import refuse_start
from sf_insights.warehouse.fields.catalog import save_catalog
from sf_insights.warehouse.syncs import syncs


@dg.asset(key=["salesforce", "account_fields"], group_name="salesforce", kinds={"salesforce"})
def account_fields(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    warehouse: WarehouseResource,
    salesforce: SalesforceResource,
) -> dg.MaterializeResult:
    """One row per Account field that Salesforce's describe call shows now or showed earlier. Opens the sync."""
    with warehouse.opening(context, settings) as step:
        org = salesforce.connected(step.retry)
        warehouse.tag(context, org_id=org.org_id)
        described = org.account_fields()
        if org.api_usage:
            refuse_start(*org.api_usage)
        with step.transaction() as tx:
            syncs.refuse_another_org(tx, step.sync, org.org_id)
            settings.claim_org(org.org_id)
            fields = save_catalog(tx, described.values(), step.sync.day)
            syncs.record(
                tx,
                step.sync.number,
                org_id=org.org_id,
                describe_fingerprint=fingerprint(fields),
                salesforce_api_calls=org.api_calls,
            )
            metadata = table_metadata(tx, "salesforce", "account_fields")
    used = {"api_calls_used_today": org.api_usage[0], "api_calls_allowed": org.api_usage[1]} if org.api_usage else {}
    return dg.MaterializeResult(
        metadata={**metadata, "seconds": step.seconds, "org": org.org_id, "day": str(step.sync.day), **used}
    )
