"""The outbound side: what each record should hold, what differs, and what was sent. It reads the published snapshot."""

from collections.abc import Iterator

import dagster as dg

from sf_insights.dagster_resources import OutboundResource, SettingsResource

GROUP = "outbound"


@dg.asset(key=["outbound", "desired_values"], group_name=GROUP, kinds={"duckdb"}, output_required=False)
def desired_values(
    context: dg.AssetExecutionContext, settings: SettingsResource, outbound: OutboundResource
) -> Iterator[dg.MaterializeResult]:
    """One row per Salesforce record that an Insights account stands for, with the value of each target.

    Without outbound settings, a run that materializes everything skips this asset, and Dagster those after it.
    """
    if reason := outbound.reason_to_skip(context, settings):
        context.log.info(reason)
        return
    with outbound.opening(context, settings) as run:
        records = run.make_desired()
    yield dg.MaterializeResult(metadata={"records": records, "preview": run.is_dry})


@dg.asset(key=["outbound", "differences"], group_name=GROUP, deps=[desired_values], kinds={"duckdb", "salesforce"})
def differences(context: dg.AssetExecutionContext, outbound: OutboundResource) -> dg.MaterializeResult:
    """One row per value that neither was sent before nor is in Salesforce now."""
    with outbound.step(context) as run:
        found = run.compare()
    return dg.MaterializeResult(
        metadata={
            "records_compared": found.differing,
            "records_to_write": found.to_write,
            "unmatched_accounts": found.unmatched,
            "rejected_values": found.rejected_cells,
        }
    )


@dg.asset(key=["outbound", "sent_values"], group_name=GROUP, deps=[differences], kinds={"salesforce"})
def sent_values(context: dg.AssetExecutionContext, outbound: OutboundResource) -> dg.MaterializeResult:
    """One row per Salesforce record that holds values from Insights, with the last value of each target."""
    with outbound.step(context) as run:
        tally = run.deliver()
    return dg.MaterializeResult(metadata={"records_written": tally.written, "records_rejected": tally.rejected})


@dg.asset(key=["outbound", "published_outbound"], group_name=GROUP, deps=[sent_values], kinds={"duckdb"})
def published_outbound(
    context: dg.AssetExecutionContext, settings: SettingsResource, outbound: OutboundResource
) -> dg.MaterializeResult:
    """account_outbound.duckdb: a read-only copy of what was sent, when, why, and what it replaced."""
    outbound.publish(context)
    return dg.MaterializeResult(metadata={"file": dg.MetadataValue.path(str(settings.places.published_outbound))})
