"""The insights tables of one sync: everything that must change together, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from sf_insights.domain.fields.dictionary import FIXED_COLUMNS
from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.domain.fields.lifecycle import next_states
from sf_insights.domain.fields.plan import PlannedField
from sf_insights.domain.problems import WarehouseProblem
from sf_insights.sql import render
from sf_insights.system.clock import now
from sf_insights.warehouse.tables import syncs
from sf_insights.warehouse.tables.attribute_columns import fit_attribute_columns, give_values_back
from sf_insights.warehouse.tables.field_labels import load_labels
from sf_insights.warehouse.tables.plan import load_plan
from sf_insights.warehouse.tables.retention import forget_the_past
from sf_insights.warehouse.tables.states import earlier_syncs, last_days, load_states, save_states
from sf_insights.warehouse.tables.sync_history import day_is_complete
from sf_insights.warehouse.tables.syncs import Sync
from sf_insights.warehouse.tables.views import ModelledField, write_views
from sf_insights.warehouse.transaction import Transaction
from sf_insights.warehouse.versions import SCHEMA_VERSION, VERSION

# The last day of insights.account_metrics.
TODAYS_METRICS = """
SELECT account_id, metric, (SELECT max(synced_on) FROM insights.snapshot) AS date, value, currency,
       exact_value
FROM insights.metric_history WHERE valid_to IS NULL"""

# The columns of ops.attribute_values that are of the account and the day, and not of a field.
_OWN_COLUMNS = (*FIXED_COLUMNS, "last_current_on")


@dataclass(frozen=True)
class Changes:
    """How much the sync of a day changed: values of attributes and metrics together, and the accounts they are of."""

    values: int
    accounts: int


def model_sync(tx: Transaction, sync: Sync) -> int:
    """Bring every insights table to this sync and mark it complete; return how many accounts lost their match."""
    plan = load_plan(tx)
    _refuse_unlabelled(tx, plan)
    read = {
        category: [field.name for field in plan if field.is_read and field.category == category]
        for category in ("attribute", "metric")
    }
    is_second = day_is_complete(tx, sync.day)
    given_back = fit_attribute_columns(tx, sync.day, read["attribute"], is_second=is_second)
    if is_second:
        tx.run("ops/undo_day", {"day": sync.day})
        give_values_back(tx, given_back)
    before = load_states(tx)
    was_read = {(state.field, state.category) for state in before.values() if state.status == "active"}
    is_read = {(name, category) for category, names in read.items() for name in names}
    landed, held = tx.columns("salesforce", "raw_accounts"), tx.columns("ops", "attribute_values")
    has_currency = "CurrencyIsoCode" in landed
    had_currency = tx.value("SELECT count(currency) > 0 FROM ops.attribute_values")
    everything = is_read != was_read or (had_currency and not has_currency)
    tracked, unread = _kept_attributes(tx, sync, read["attribute"])

    tx.run(
        "ops/attribute_values",
        {"day": sync.day, "previous_day": sync.previous_day, "since": sync.since},
        everything=everything,
        is_first=tx.is_empty("ops.attribute_values"),
        attributes=read["attribute"],
        fields=read["attribute"] + read["metric"],
        tracked=tracked,
        unread=unread,
        carried=[name for name in held if name not in (*_OWN_COLUMNS, *read["attribute"])],
        casts={name: f"::{held[name]}" for name in read["attribute"] if held[name] != landed[name]},
        currency='raw."CurrencyIsoCode"' if has_currency else "NULL::VARCHAR",
    )
    if not tx.is_empty("ops.former_values"):
        tx.run("ops/former_values", {"day": sync.day})
    tx.run("ops/previous_days", {"day": sync.day})
    tx.run(
        "ops/metric_history",
        {"day": sync.day, "metrics": read["metric"]},
        metrics=read["metric"],
        is_first=tx.is_empty("ops.metric_history"),
    )
    ended = int(tx.value("SELECT count(*) FROM ended"))
    tx.execute(f"DROP {'VIEW' if everything else 'TABLE'} todays_values")
    for name in ("touched", "new_values", "ended"):
        tx.execute(f"DROP TABLE {name}")
    tx.insert(
        "insights.field_days",
        [{"field": name, "category": category, "date": sync.day} for name, category in sorted(is_read)],
    )
    tx.run("ops/metric_summary", {"day": sync.day})
    tx.run("ops/match_changes", {"day": sync.day, "previous_day": sync.previous_day})

    tx.execute("CREATE OR REPLACE TABLE ops.undo_fields AS FROM insights.fields")
    states, events = next_states(before, plan, sync.day, sync.opened_at, earlier_syncs(tx, sync.day))
    save_states(tx, states, events, sync.day)
    tx.execute("DELETE FROM insights.snapshot")
    tx.insert(
        "insights.snapshot",
        [
            {
                "sync": sync.number,
                "synced_on": sync.day,
                "sf_insights_version": VERSION,
                "duckdb_version": duckdb.__version__,
                "schema_version": SCHEMA_VERSION,
                "salesforce_read_at": tx.value(
                    "SELECT salesforce_read_at FROM ops.sync_runs WHERE sync = $sync", {"sync": sync.number}
                ),
            }
        ],
    )
    write_views(tx)
    tx.execute(
        "UPDATE ops.warehouse SET org_id = (SELECT org_id FROM ops.sync_runs WHERE sync = $sync)", {"sync": sync.number}
    )
    forget_the_past(tx, sync)
    syncs.record(tx, sync.number, state="complete", reason=None, ended_at=now())
    return ended


def changes_of(tx: Transaction, day: date) -> Changes:
    """Count what the last complete sync changed, which is of this day; in the warehouse or in its snapshot."""
    [(values, accounts)] = tx.execute(
        f"SELECT count(*), count(DISTINCT account_id) FROM ({render('ops/changed_values')})", {"day": day}
    )
    return Changes(values, accounts)


def _refuse_unlabelled(tx: Transaction, plan: Sequence[PlannedField]) -> None:
    labels = load_labels(tx)
    without = [field.name for field in plan if field.name not in labels]
    if without:
        raise WarehouseProblem(
            f"{', '.join(without)} {'has' if len(without) == 1 else 'have'} no label yet.",
            "Materialize insights/field_labels as well, or all assets; `sf-insights sync` does.",
        )


def _kept_attributes(
    tx: Transaction, sync: Sync, attributes: Sequence[str]
) -> tuple[list[ModelledField], list[ModelledField]]:
    """The attributes that an earlier day's sync has read: those that this one reads too, and those it does not.

    Only their changes are changes: what a field's first sync brings is not.
    """
    columns = tx.columns("ops", "attribute_values")
    kept = [
        ModelledField(name, name, ColumnType.parse(columns[name]), day)
        for name, day in sorted(last_days(tx, "attribute").items())
        if name in columns and day < sync.day
    ]
    read = set(attributes)
    return [field for field in kept if field.name in read], [field for field in kept if field.name not in read]


def metric_points(tx: Transaction) -> int:
    """How many rows insights.account_metrics has, without expanding it: a day's are what its summary counts."""
    return int(tx.value("SELECT coalesce(sum(accounts), 0) FROM insights.metric_summary"))
