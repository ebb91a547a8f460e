"""The insights tables of one sync: everything that must change together, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from sf_insights.domain.dictionary import FIXED_COLUMNS, LABELLED_SUFFIX, meaning_of
from sf_insights.domain.field_types import Category, ColumnType
from sf_insights.domain.lifecycle import FieldState, next_states
from sf_insights.domain.planning import PlannedField
from sf_insights.domain.problems import WarehouseProblem
from sf_insights.resources import field_tables, syncs
from sf_insights.resources.attribute_columns import fit_attribute_columns, give_values_back, text_of
from sf_insights.resources.retention import forget_the_past
from sf_insights.resources.settings import now
from sf_insights.resources.syncs import Sync
from sf_insights.resources.warehouse import SCHEMA_VERSION, VERSION, Transaction
from sf_insights.sql import render

# The last day of insights.account_metrics.
TODAYS_METRICS = """
SELECT account_id, metric, (SELECT max(synced_on) FROM insights.snapshot) AS date, value, currency,
       exact_value
FROM insights.metric_history WHERE valid_to IS NULL"""

# The columns of ops.attribute_values that are of the account and the day, and not of a field.
_OWN_COLUMNS = (*FIXED_COLUMNS, "last_current_on")


@dataclass(frozen=True)
class ModelledField:
    """A field as the SQL files need it.

    `last_day` is the last day of an earlier sync that read it in this category, None in its first one.
    """

    name: str
    label: str
    column: ColumnType
    last_day: date | None = None

    def text(self, expression: str) -> str:
        """SQL that gives a value of this field as text that casts back, whatever the reader's time zone."""
        return text_of(self.column, expression)


@dataclass(frozen=True)
class Changes:
    """How much the sync of a day changed: values of attributes and metrics together, and the accounts they are of."""

    values: int
    accounts: int


def model_sync(tx: Transaction, sync: Sync) -> int:
    """Bring every insights table to this sync and mark it complete; return how many accounts lost their match."""
    plan = field_tables.load_plan(tx)
    _refuse_unlabelled(tx, plan)
    read = {
        category: [field.name for field in plan if field.is_read and field.category == category]
        for category in ("attribute", "metric")
    }
    is_second = syncs.day_is_complete(tx, sync.day)
    given_back = fit_attribute_columns(tx, sync.day, read["attribute"], is_second=is_second)
    if is_second:
        tx.run("undo_day", {"day": sync.day})
        give_values_back(tx, given_back)
    before = field_tables.load_states(tx)
    was_read = {(state.field, state.category) for state in before.values() if state.status == "active"}
    is_read = {(name, category) for category, names in read.items() for name in names}
    landed, held = tx.columns("salesforce", "raw_accounts"), tx.columns("ops", "attribute_values")
    has_currency = "CurrencyIsoCode" in landed
    had_currency = tx.value("SELECT count(currency) > 0 FROM ops.attribute_values")
    everything = is_read != was_read or (had_currency and not has_currency)
    tracked, unread = _kept_attributes(tx, sync, read["attribute"])

    tx.run(
        "ops_attribute_values",
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
        tx.run("ops_former_values", {"day": sync.day})
    tx.run("ops_previous_days", {"day": sync.day})
    tx.run(
        "ops_metric_history",
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
    tx.run("ops_metric_summary", {"day": sync.day})
    tx.run("ops_match_changes", {"day": sync.day, "previous_day": sync.previous_day})

    tx.execute("CREATE OR REPLACE TABLE ops.undo_fields AS FROM insights.fields")
    states, events = next_states(before, plan, sync.day, sync.opened_at, field_tables.earlier_syncs(tx, sync.day))
    field_tables.save_states(tx, states, events, sync.day)
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
        f"SELECT count(*), count(DISTINCT account_id) FROM ({render('changed_values')})", {"day": day}
    )
    return Changes(values, accounts)


def _refuse_unlabelled(tx: Transaction, plan: Sequence[PlannedField]) -> None:
    labels = field_tables.load_labels(tx)
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
        for name, day in sorted(field_tables.last_days(tx, "attribute").items())
        if name in columns and day < sync.day
    ]
    read = set(attributes)
    return [field for field in kept if field.name in read], [field for field in kept if field.name not in read]


def metric_points(tx: Transaction) -> int:
    """How many rows insights.account_metrics has, without expanding it: a day's are what its summary counts."""
    return int(tx.value("SELECT coalesce(sum(accounts), 0) FROM insights.metric_summary"))


def write_views(tx: Transaction) -> None:
    """Make every view that depends on the visible fields and their labels, with comments and data dictionary."""
    states = field_tables.load_states(tx)
    labels = {name: label.text for name, label in field_tables.load_labels(tx).items()}
    attributes = _visible(tx, states, labels, "attribute")
    metrics = _visible(tx, states, labels, "metric")
    tx.run("view_account_attributes", attributes=attributes, fixed_columns=FIXED_COLUMNS)
    tx.run("view_attribute_changes", attributes=attributes)
    tx.run("view_account_metrics")
    tx.run("view_accounts", attributes=attributes, metrics=metrics)
    _write_comments(tx, states, labels)


def _visible(
    tx: Transaction, states: Mapping[str, FieldState], labels: Mapping[str, str], category: Category
) -> list[ModelledField]:
    columns = tx.columns("ops", "attribute_values")
    return [
        ModelledField(
            state.field,
            labels[state.field],
            ColumnType.parse(columns[state.field]) if category == "attribute" else ColumnType("decimal"),
        )
        for state in states.values()
        if state.category == category and state.is_visible
    ]


def _write_comments(tx: Transaction, states: Mapping[str, FieldState], labels: Mapping[str, str]) -> None:
    """Say of every relation and column what it means, as comments and as insights.data_dictionary."""
    fields = {state.field: state for state in states.values() if state.is_visible}
    by_label = {labels[name]: state for name, state in fields.items()}
    relations, dictionary = [], []
    names = tx.execute(
        "SELECT table_name, 'TABLE' FROM duckdb_tables() WHERE schema_name = 'insights' UNION ALL "
        "SELECT view_name, 'VIEW' FROM duckdb_views() WHERE schema_name = 'insights' ORDER BY 1"
    )
    for name, kind in names:
        meaning, fixed = meaning_of(name)
        columns = []
        named = by_label if name.endswith(LABELLED_SUFFIX) else fields
        for column, type_ in tx.columns("insights", name).items():
            state = named.get(column)
            comment = fixed.get(column) or (_field_comment(state, labels[state.field]) if state else None)
            columns.append({"name": column, "comment": comment})
            dictionary.append(
                {
                    "relation": name,
                    "column": column,
                    "type": type_,
                    "meaning": comment,
                    "label": labels[state.field] if state and column not in fixed else None,
                }
            )
        relations.append({"name": name, "kind": kind, "meaning": meaning, "columns": columns})
    tx.run("comments", relations=relations)
    tx.replace("insights.data_dictionary", dictionary)


def _field_comment(state: FieldState, label: str) -> str:
    parts = [label]
    if state.description:
        parts.append(state.description)
    parts.append(f"Salesforce: {state.salesforce_label} ({state.field}, {state.salesforce_type})")
    if state.category == "metric":
        parts.append("The latest value as a DOUBLE; account_metrics.exact_value has every digit")
    if state.status == "paused":
        parts.append(f"Paused since {state.status_since}: {state.status_reason}")
    return ". ".join(part.rstrip(".") for part in parts)
