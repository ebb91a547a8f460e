"""Metadata of materializations. Its names stay the same, so that Dagster can plot the values over time."""

import re
from collections.abc import Mapping
from typing import Any

import dagster as dg

from sf_insights.domain.fields.dictionary import RELATIONS
from sf_insights.sql import identifier, literal
from sf_insights.warehouse.transaction import Transaction

PREVIEW_ROWS = 5
_PREVIEW_COLUMNS = 12
_CELL_WIDTH = 40
_MARKUP = re.compile(r"[\\`*_{}\[\]()#+!|<>~&:]")


def table_metadata(
    tx: Transaction,
    schema: str,
    table: str,
    labels: Mapping[str, str] | None = None,
    *,
    rows: int | None = None,
    key_table: str | None = None,
    preview: str | None = None,
) -> dict[str, Any]:
    """Return row count, column schema and first rows of a table or view, by Dagster's metadata names.

    Columns are described by their labels, or else by the data dictionary.

    Args:
        tx: the transaction.
        schema: the schema of the relation.
        table: the name of the relation.
        labels: the labels by column.
        rows: the row count, for views that are slow to count.
        key_table: a table with the `account_id`s of the rows to show, for views that join every account.
        preview: another relation whose rows to show instead; without `key_table`.
    """
    name = f"{identifier(schema)}.{identifier(table)}"
    if key_table:
        ids = [id_ for (id_,) in tx.execute(f"SELECT account_id FROM {key_table} LIMIT {PREVIEW_ROWS}")]
        preview = f"(FROM {name} WHERE account_id IN ({', '.join(map(literal, ids)) or 'NULL'}))"
    columns = tx.columns(schema, table)
    _, meanings = RELATIONS.get(table, ("", {})) if schema == "insights" else ("", {})
    described = {**meanings, **(labels or {})}
    return {
        "dagster/row_count": tx.value(f"SELECT count(*) FROM {name}") if rows is None else rows,
        "dagster/column_schema": dg.TableSchema(
            [dg.TableColumn(column, type_, described.get(column)) for column, type_ in columns.items()]
        ),
        "preview": dg.MarkdownMetadataValue(_preview(tx, preview or name, list(columns)[:_PREVIEW_COLUMNS])),
    }


def _preview(tx: Transaction, name: str, columns: list[str]) -> str:
    shown = ", ".join(identifier(column) for column in columns)
    rows = tx.execute(f"SELECT {shown} FROM {name} LIMIT {PREVIEW_ROWS}")
    lines = [columns, ["---"] * len(columns), *([_cell(value) for value in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: Any) -> str:
    text = "" if value is None else " ".join(str(value).split())
    text = text if len(text) <= _CELL_WIDTH else text[: _CELL_WIDTH - 1] + "…"
    # Escape Markdown: a text from the org must not become a link, or an image that the browser fetches.
    return _MARKUP.sub(r"\\\g<0>", text)
