"""What Dagster shows as the health of the assets.

Assets refuse bad data before a table changes. These checks repeat the rules on the finished tables, so that Dagster
shows and plots them. When a check of severity ERROR fails, the run ends there and yesterday's snapshot stays. The
others warn: nothing is wrong with the tables, or a person has accepted them.
"""

import json

import dagster as dg

from sf_insights.assets.fields import field_labels, selected_fields
from sf_insights.assets.landing import raw_accounts
from sf_insights.assets.matching import matched_accounts
from sf_insights.dagster_resources import WarehouseResource
from sf_insights.domain.configuration import AccountFieldSync, parse_configuration
from sf_insights.domain.fields.labels import shared_labels
from sf_insights.domain.fields.masking import REMEDY
from sf_insights.domain.problems import WarehouseProblem
from sf_insights.warehouse.accounts.matches import match_rates
from sf_insights.warehouse.fields.masked_fields import masked_fields
from sf_insights.warehouse.fields.plan import load_plan
from sf_insights.warehouse.transaction import Transaction

_PAUSED = """
    SELECT field, paused_because FROM salesforce.selected_fields WHERE paused_because IS NOT NULL ORDER BY field
"""
_LAST_LANDED = """
    SELECT salesforce_records, configuration FROM ops.sync_runs
    WHERE salesforce_landed_at IS NOT NULL ORDER BY sync DESC LIMIT 1
"""

_DRIFT = 0.2
_DRIFTED = """
    WITH last AS (SELECT sync, day FROM ops.sync_runs WHERE salesforce_landed_at IS NOT NULL ORDER BY sync DESC LIMIT 1)
    SELECT now.field, before.filled / before.accounts AS before, now.filled / now.accounts AS now
    FROM ops.field_stats AS now JOIN ops.field_stats AS before USING (field)
    WHERE now.sync = (SELECT sync FROM last) AND now.accounts > 0 AND before.accounts > 0
      AND before.sync = (
          SELECT max(sync) FROM ops.sync_runs WHERE state = 'complete' AND day < (SELECT day FROM last))
    ORDER BY now.field
"""


def _last_landed(tx: Transaction) -> tuple[int, AccountFieldSync]:
    """How many records the last sync that read Salesforce was promised, and its configuration.

    Raises:
        WarehouseProblem: no sync has read it yet.
    """
    rows = tx.execute(_LAST_LANDED)
    if not rows:
        raise WarehouseProblem("Nothing has been read from Salesforce yet.", "Run `sf-insights sync`.")
    records, configuration = rows[0]
    return records, parse_configuration(json.loads(configuration))


@dg.asset_check(asset=raw_accounts, description="As many rows as Salesforce said it has records.", blocking=True)
def every_record_arrived(context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource) -> dg.AssetCheckResult:
    with warehouse.reading(context) as tx:
        expected, _ = _last_landed(tx)
        rows = tx.value("SELECT count(*) FROM salesforce.raw_accounts WHERE absent_since IS NULL")
    return dg.AssetCheckResult(passed=rows == expected, metadata={"rows": rows, "records": expected})


@dg.asset_check(asset=raw_accounts, description="Each Salesforce Account has one row.", blocking=True)
def ids_are_unique(context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource) -> dg.AssetCheckResult:
    with warehouse.reading(context) as tx:
        _last_landed(tx)
        twice = tx.value('SELECT count(*) - count(DISTINCT "Id") FROM salesforce.raw_accounts')
    return dg.AssetCheckResult(passed=twice == 0, metadata={"rows_too_many": twice})


@dg.asset_check(asset=raw_accounts, description="No field is filled much more or less than on the day before.")
def fill_rates_are_steady(context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource) -> dg.AssetCheckResult:
    with warehouse.reading(context) as tx:
        _last_landed(tx)
        rates = tx.execute(_DRIFTED)
    drifted = {field: f"{was:.0%} before, {is_:.0%} now" for field, was, is_ in rates if abs(is_ - was) > _DRIFT}
    return dg.AssetCheckResult(
        passed=not drifted, severity=dg.AssetCheckSeverity.WARN, metadata={"drifted": len(drifted), **drifted}
    )


@dg.asset_check(asset=raw_accounts, description="No encrypted field arrives masked.")
def no_field_is_masked(context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource) -> dg.AssetCheckResult:
    with warehouse.reading(context) as tx:
        masked = masked_fields(tx, load_plan(tx))
    return dg.AssetCheckResult(
        passed=not masked,
        severity=dg.AssetCheckSeverity.WARN,
        description=REMEDY if masked else None,
        metadata={"masked": len(masked), "fields": ", ".join(masked)},
    )


@dg.asset_check(asset=matched_accounts, description="Enough of the accounts with a CRM Account ID are matched.")
def enough_accounts_match(context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource) -> dg.AssetCheckResult:
    with warehouse.reading(context) as tx:
        _, configuration = _last_landed(tx)
        rates = match_rates(tx, 1)
        if not rates:
            raise WarehouseProblem("No account has been matched yet.", "Run `sf-insights sync`.")
    rate, least = rates[0].rate, configuration.guards.min_match_rate
    return dg.AssetCheckResult(
        passed=rate >= least,
        severity=dg.AssetCheckSeverity.WARN,  # below it a sync is refused, unless a person accepts it for one run
        metadata={"match_rate": rate, "at_least": least},
    )


@dg.asset_check(asset=selected_fields, description="No selected field is paused.")
def no_field_is_paused(context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource) -> dg.AssetCheckResult:
    with warehouse.reading(context) as tx:
        paused = dict(tx.execute(_PAUSED))
    return dg.AssetCheckResult(
        passed=not paused, severity=dg.AssetCheckSeverity.WARN, metadata={"paused": len(paused), **paused}
    )


@dg.asset_check(asset=field_labels, description="No two fields have the same label, case ignored.", blocking=True)
def labels_are_unique(context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource) -> dg.AssetCheckResult:
    with warehouse.reading(context) as tx:
        shared = shared_labels(label for (label,) in tx.execute("SELECT label FROM insights.field_labels"))
    return dg.AssetCheckResult(passed=not shared, metadata={"labels": ", ".join(shared)})


ALL_CHECKS = [
    every_record_arrived,
    ids_are_unique,
    fill_rates_are_steady,
    no_field_is_masked,
    enough_accounts_match,
    no_field_is_paused,
    labels_are_unique,
]
