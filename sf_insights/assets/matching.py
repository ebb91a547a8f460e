"""Which Salesforce Account each Insights account stands for, or why there is none."""

import dagster as dg

from sf_insights.assets.landing import raw_accounts, zuora_accounts
from sf_insights.assets.metadata import table_metadata
from sf_insights.domain.stages import MATCHES
from sf_insights.resources import matching, syncs
from sf_insights.resources.connections import SettingsResource, WarehouseResource


@dg.asset(
    key=["insights", "matched_accounts"], group_name="insights", deps=[raw_accounts, zuora_accounts], kinds={"duckdb"}
)
def matched_accounts(
    context: dg.AssetExecutionContext, settings: SettingsResource, warehouse: WarehouseResource
) -> dg.MaterializeResult:
    """One row per account in today's Zuora list: the Salesforce Account it stands for, or why there is none."""
    with warehouse.step(context, MATCHES, settings) as step, step.transaction() as tx:
        counts = matching.match_accounts(tx, step.sync)
        syncs.record(tx, step.sync.number, matched_accounts=counts.matched)
        metadata = table_metadata(
            tx, "insights", "matched_accounts", rows=sum(counts.by_status.values()), key_table="ops.account_matches"
        )
    by_status = {f"accounts_{status}": accounts for status, accounts in counts.by_status.items()}
    return dg.MaterializeResult(metadata={**metadata, "seconds": step.seconds, "match_rate": counts.rate, **by_status})
