"""Match each Insights account to its Salesforce Account."""

import dagster as dg

from sf_insights.assets.landing import raw_accounts, zuora_accounts
from sf_insights.assets.metadata import table_metadata
from sf_insights.dagster_resources import SettingsResource, WarehouseResource
from sf_insights.domain.syncs.stages import MATCHES
from sf_insights.warehouse.accounts import matches


@dg.asset(
    key=["insights", "matched_accounts"], group_name="insights", deps=[raw_accounts, zuora_accounts], kinds={"duckdb"}
)
def matched_accounts(
    context: dg.AssetExecutionContext, settings: SettingsResource, warehouse: WarehouseResource
) -> dg.MaterializeResult:
    """One row per account in today's Zuora list: the matching Salesforce Account, or why there is none."""
    with warehouse.step(context, MATCHES, settings) as step, step.transaction() as tx:
        found = matches.match_accounts(tx, step.sync)
        by_status = {f"accounts_{status}": accounts for status, accounts in matches.match_counts(tx).items()}
        metadata = table_metadata(
            tx, "insights", "matched_accounts", rows=found.accounts, key_table="ops.account_matches"
        )
    return dg.MaterializeResult(
        metadata={**metadata, "seconds": step.seconds, "matched": found.matched, "match_rate": found.rate, **by_status}
    )
