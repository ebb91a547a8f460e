"""What Dagster shows of a materialization, under names that stay the same so that it can plot them over time."""

import re
from collections.abc import Mapping
from typing import Any

import dagster as dg

from sf_insights.domain.fields.dictionary import RELATIONS
from sf_insights.sql import identifier, literal
from sf_insights.warehouse.transaction import Transaction

_PREVIEW_ROWS = 5
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
    """Row count, column schema and the first rows of a table or view.

    A column is described by its label if it has one, else by what the data dictionary says. A view that is long to
    read is not read: `rows` is its count then, and `preview` the relation whose first rows are shown for its own, or
    `key_table` the table from which their `account_id` is taken.
    """
    name = f"{identifier(schema)}.{identifier(table)}"
    if key_table:
        ids = [id_ for (id_,) in tx.execute(f"SELECT account_id FROM {key_table} LIMIT {_PREVIEW_ROWS}")]
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
    rows = tx.execute(f"SELECT {shown} FROM {name} LIMIT {_PREVIEW_ROWS}")
    lines = [columns, ["---"] * len(columns), *([_cell(value) for value in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: Any) -> str:
    text = "" if value is None else " ".join(str(value).split())
    text = text if len(text) <= _CELL_WIDTH else text[: _CELL_WIDTH - 1] + "…"
    # Whatever a text of the org says, it is no markup: neither an image that a browser would fetch, nor a link.
    return _MARKUP.sub(r"\\\g<0>", text)
