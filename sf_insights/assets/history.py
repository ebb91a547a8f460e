"""History from Salesforce, on demand: read AccountHistory, walk back from the last sync's values, and publish."""

from collections.abc import Callable, Iterator
from datetime import date

import dagster as dg

from sf_insights.assets.progress import progress_of
from sf_insights.dagster_resources import SalesforceResource, SettingsResource, Step, WarehouseResource
from sf_insights.dagster_resources.run_tags import HistoryRequest, history_request
from sf_insights.domain.fields.field_types import fingerprint
from sf_insights.domain.history.fields import fields_to_read
from sf_insights.domain.history.reasons import refusals
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.quota import refuse_start
from sf_insights.salesforce.account_history import LandedHistory, extract_history
from sf_insights.salesforce.parquet_pages import empty_landing
from sf_insights.warehouse.accounts.landed_files import translated_file_errors
from sf_insights.warehouse.history.backfill import Backfill, Backfilled, Landed
from sf_insights.warehouse.history.wanted import HistoryField, wanted_fields
from sf_insights.warehouse.publishing import publish
from sf_insights.warehouse.syncs import syncs
from sf_insights.warehouse.transaction import Transaction


class _Undone(Exception):
    """Rolls a dry run back."""


@dg.asset(
    key=["salesforce", "account_history"],
    group_name="salesforce",
    kinds={"salesforce", "polars"},
    output_required=False,
)
def account_history(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    warehouse: WarehouseResource,
    salesforce: SalesforceResource,
) -> Iterator[dg.MaterializeResult]:
    """One row per recorded change of a selected field. Landed for the next step only.

    A run that materializes everything skips this asset, because only a person asks for history.
    """
    if warehouse.completes_a_sync(context):
        context.log.info("history is read only when it is asked for")
        return
    request = history_request(context.run.tags)
    with warehouse.after_sync(context) as step:
        org = salesforce.connected(step.retry)
        org_id = org.org_id
        with step.transaction() as tx:
            syncs.refuse_another_org(tx, step.sync, org_id)
            fields, refused = _chosen(tx, step, request)
        described = org.account_fields()  # the first answer that says how many calls are used
        if org.api_usage:
            refuse_start(*org.api_usage)
        landed, method = step.retry.run(
            lambda: extract_history(
                org,
                fields_to_read(
                    [one.field for one in fields],
                    described,
                    with_metrics=any(one.category == "metric" for one in fields),
                ),
                settings.places.history_landing,
                day=str(step.sync.day),
                describe_fingerprint=fingerprint(described.values()),
                on_progress=progress_of(context, warehouse),
            )
        )
    for line in refusals(refused):
        context.log.warning(line)
    yield dg.MaterializeResult(
        metadata={
            "dagster/row_count": landed.changes.records,
            "seconds": step.seconds,
            "accounts": landed.creation.records,
            "fields": ", ".join(one.name for one in fields),
            "read_by": method,
            "api_calls": org.api_calls,
        }
    )


@dg.asset(
    key=["insights", "account_history"],
    group_name="insights",
    deps=[account_history],
    kinds={"duckdb"},
)
def filled_history(
    context: dg.AssetExecutionContext, settings: SettingsResource, warehouse: WarehouseResource
) -> dg.MaterializeResult:
    """One row per day and value that Salesforce's field history adds to attributes and metrics."""
    request = history_request(context.run.tags)
    directory = settings.places.history_landing
    with warehouse.after_sync(context) as step, translated_file_errors(directory):
        try:
            with step.transaction() as tx:
                done = _fill(tx, step, request, LandedHistory.found_in(directory), context.log.info)
                if request.is_dry:
                    raise _Undone
        except _Undone:
            pass
    empty_landing(directory)
    metadata = _facts(done)
    return dg.MaterializeResult(metadata={**metadata, "seconds": step.seconds, "is_dry": request.is_dry})


@dg.asset(
    key=["insights", "published_history"],
    group_name="insights",
    deps=[filled_history],
    kinds={"duckdb"},
    output_required=False,
)
def published_history(
    context: dg.AssetExecutionContext, settings: SettingsResource, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult]:
    """account_insights.duckdb, published again with the history."""
    if history_request(context.run.tags).is_dry:
        context.log.info("a dry run publishes nothing")
        return
    with warehouse.after_sync(context) as step:
        size = publish(step.warehouse, settings.places.snapshot, after_sync=False)
    yield dg.MaterializeResult(
        metadata={
            "snapshot": dg.MetadataValue.path(str(settings.places.snapshot)),
            "bytes": size,
            "seconds": step.seconds,
        }
    )


def _chosen(tx: Transaction, step: Step, request: HistoryRequest) -> tuple[list[HistoryField], dict[str, str]]:
    """Return the fields to fill and the refused ones.

    Raises:
        ConfigurationProblem: nothing can be filled.
    """
    if request.since and request.since >= step.sync.day:
        raise ConfigurationProblem(
            f"The last sync is of {step.sync.day}, and a backfill fills the days before it: from {request.since} on, "
            "there is nothing to fill.",
            "Give an earlier day.",
        )
    fields, refused = wanted_fields(tx, step.sync, request.fields)
    if not fields:
        raise ConfigurationProblem("No field can be filled. " + " ".join(refusals(refused)))
    return fields, refused


def _fill(
    tx: Transaction, step: Step, request: HistoryRequest, landed: LandedHistory, tell: Callable[[str], None]
) -> Backfilled:
    tx.use_most_memory()
    fields, refused = _chosen(tx, step, request)
    files = Landed(landed.changes.accounts, landed.creation.accounts, is_empty=not landed.changes.records)
    done = Backfill(tx, step.sync, files, request.since).run(fields, tell)
    done.refused |= refused
    return done


def _facts(done: Backfilled) -> dict[str, dg.MetadataValue | int | str]:
    return {
        "points": done.points,
        "changes": done.changes,
        "since": str(done.since),
        "days": dg.MetadataValue.json(done.days),
        "refused": dg.MetadataValue.json(done.refused),
        "gaps": dg.MetadataValue.json([[name, reason, count, _text(day)] for name, reason, count, day in done.gaps]),
    }


def _text(day: date) -> str:
    return day.isoformat()
