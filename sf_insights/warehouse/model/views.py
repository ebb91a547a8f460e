"""The views that depend on the visible fields and their labels; comments and data dictionary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.dictionary import ACCOUNT_COLUMNS, FIXED_COLUMNS, LABELLED_SUFFIX, meaning_of
from sf_insights.domain.fields.display import sentence
from sf_insights.domain.fields.field_types import Category, ColumnType
from sf_insights.domain.fields.lifecycle import FieldState
from sf_insights.domain.zuora_columns import column_meaning, insights_name
from sf_insights.sql import render
from sf_insights.warehouse.accounts.zuora_columns import extra_columns, paused_columns
from sf_insights.warehouse.fields.labels import load_labels
from sf_insights.warehouse.fields.states import load_states
from sf_insights.warehouse.model.modelled_field import ModelledField
from sf_insights.warehouse.transaction import Transaction


def write_views(tx: Transaction) -> None:
    """Create the views that depend on the visible fields and their labels; write comments and data dictionary."""
    states = load_states(tx)
    labels = {name: label.text for name, label in load_labels(tx).items()}
    attributes = _visible(tx, states, labels, "attribute")
    metrics = _visible(tx, states, labels, "metric")
    tx.run("insights/account_attributes", attributes=attributes, fixed_columns=FIXED_COLUMNS)
    tx.run("insights/effective_changes")
    tx.run("insights/attribute_changes", attributes=attributes)
    tx.run("insights/account_metrics")
    tx.run("insights/metric_changes")
    tx.run("insights/account_timeline", attributes=attributes)
    zuora = _zuora_columns(tx, [field.name for field in (*attributes, *metrics)])
    relabelled = _beside_labels(zuora, [field.label for field in (*attributes, *metrics)])
    tx.run(
        "insights/accounts",
        attributes=attributes,
        metrics=metrics,
        zuora_columns=zuora,
        account_columns=list(ACCOUNT_COLUMNS),
        labelled_zuora_columns=relabelled,
    )
    named = {
        "accounts": zuora,
        f"accounts{LABELLED_SUFFIX}": {relabelled[column]: name for column, name in zuora.items()},
    }
    _write_comments(tx, states, labels, named)


def _visible(
    tx: Transaction, states: Mapping[str, FieldState], labels: Mapping[str, str], category: Category
) -> list[ModelledField]:
    columns = tx.columns("ops", "attribute_values")
    return [
        ModelledField(
            state.field,
            labels[state.field],
            ColumnType.parse(columns[state.field]) if category == "attribute" else ColumnType("decimal"),
            is_archived=bool(state.is_archived),
        )
        for state in states.values()
        if state.category == category and state.is_visible
    ]


def _zuora_columns(tx: Transaction, fields: Iterable[str]) -> dict[str, str]:
    """Return the extra columns of zuora.accounts by their names in insights.accounts.

    A column with the name of a visible field waits until a complete sync has deselected that field.
    """
    taken = ByApiName((name, name) for name in fields)
    named = {insights_name(name): name for name in extra_columns(tx)}
    return {column: name for column, name in named.items() if column not in taken}


def _beside_labels(columns: Iterable[str], labels: Iterable[str]) -> dict[str, str]:
    """Return a name that differs from every label, ignoring letter case, for each column of Zuora."""
    taken = {label.casefold() for label in labels}
    named: dict[str, str] = {}
    for column in columns:
        name = column
        while name.casefold() in taken:
            name = f"zuora_{name}"
        taken.add(name.casefold())
        named[column] = name
    return named


def _write_comments(
    tx: Transaction, states: Mapping[str, FieldState], labels: Mapping[str, str], zuora: Mapping[str, Mapping[str, str]]
) -> None:
    """Describe every relation and column, in comments and in insights.data_dictionary.

    `zuora` has the columns of Zuora's Account by relation: their names there, and in zuora.accounts.
    """
    paused = paused_columns(tx)
    fields = {state.field: state for state in states.values() if state.is_visible}
    by_label = {labels[name]: state for name, state in fields.items()}
    relations, dictionary = [], []
    names = tx.execute(
        "SELECT table_name, 'TABLE', comment FROM duckdb_tables() WHERE schema_name = 'insights' UNION ALL "
        "SELECT view_name, 'VIEW', comment FROM duckdb_views() WHERE schema_name = 'insights' ORDER BY 1"
    )
    held = tx.columns_of_all("insights")
    for name, kind, held_meaning in names:
        meaning, fixed = meaning_of(name)
        fixed = fixed | {
            column: _zuora_comment(source, paused.get(source)) for column, source in zuora.get(name, {}).items()
        }
        columns = []
        named = by_label if name.endswith(LABELLED_SUFFIX) else fields
        for column, (type_, held_comment) in held[name].items():
            state = named.get(column)
            comment = fixed.get(column) or (_field_comment(state, labels[state.field]) if state else None)
            if comment != held_comment:
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
        is_described = meaning == held_meaning
        relations.append({"name": name, "kind": "" if is_described else kind, "meaning": meaning, "columns": columns})
    if any(relation["kind"] or relation["columns"] for relation in relations):
        tx.execute(render("insights/comments", relations=relations))  # at once: there are more than a hundred
    tx.replace("insights.data_dictionary", dictionary)


def _zuora_comment(name: str, paused: tuple[date, str] | None) -> str:
    return column_meaning(name) + (f". Paused since {paused[0]}: {paused[1]}" if paused else "")


def _field_comment(state: FieldState, label: str) -> str:
    parts = [label]
    if state.description:
        parts.append(state.description)
    parts.append(f"Salesforce: {state.salesforce_label} ({state.field}, {state.salesforce_type})")
    if state.display_format:
        parts.append(sentence(state.display_format))
    if state.is_archived:
        parts.append("Archived: the labelled views leave it out")
    if state.category == "metric":
        parts.append("The latest value as a DOUBLE; account_metrics.exact_value has every digit")
    if state.status == "paused":
        parts.append(f"Paused since {state.status_since}: {state.status_reason}")
    return ". ".join(part.rstrip(".") for part in parts)
