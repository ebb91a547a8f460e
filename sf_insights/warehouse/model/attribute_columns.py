"""Fit the columns of ops.attribute_values to their fields' values, even if a field changes to another kind of type.

A column that changes its kind starts empty. Its former values are kept as text in ops.former_values until the next
day: the day's changes contain them as old values, and a second sync of the day may have to restore them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.sql import identifier, literal
from sf_insights.warehouse.accounts.columns import fit_column
from sf_insights.warehouse.transaction import Transaction


def text_of(column: ColumnType, expression: str) -> str:
    """Return SQL for a value as text, which can be cast back in any session time zone."""
    if column.kind == "timestamp":
        return f"({expression} AT TIME ZONE 'UTC')::VARCHAR || '+00'"
    return f"{expression}::VARCHAR"


def fit_attribute_columns(tx: Transaction, day: date, attributes: Sequence[str], *, is_second: bool) -> list[str]:
    """Fit the column of every attribute that is read; return the columns for `give_values_back` to fill.

    Args:
        tx: the transaction. It must not have changed rows of the table yet, or DuckDB cannot commit it.
        day: the sync's day.
        attributes: the fields that this sync reads as attributes.
        is_second: whether the day was synced before, and that sync is about to be undone.
    """
    if is_second:
        _drop_columns_of_the_day(tx)
    else:
        tx.execute("DELETE FROM ops.former_values")
    landed, columns = tx.columns("salesforce", "raw_accounts"), tx.columns("ops", "attribute_values")
    needed = {name: ColumnType.parse(landed[name]) for name in attributes}
    former = dict(tx.execute("SELECT DISTINCT field, type FROM ops.former_values"))
    given_back = []
    for name, type_ in former.items():
        _leave_out_of_undo(tx, name)
        held = ColumnType.parse(type_)
        if name not in needed or held.widened(needed[name]) is not None:
            fit_column(tx, "ops.attribute_values", name, columns.get(name), held)
            given_back.append(name)
    columns = tx.columns("ops", "attribute_values")
    for name, column in needed.items():
        held = ColumnType.parse(columns.get(name, column.sql))
        if held.widened(column) is None and name not in former:
            _keep_former_values(tx, day, name, held, is_second)
        fit_column(tx, "ops.attribute_values", name, columns.get(name), column)
    return given_back


def give_values_back(tx: Transaction, names: Sequence[str]) -> None:
    """Fill columns with their values from before the day, after the rest of the day was undone."""
    for name in names:
        tx.execute(
            f"UPDATE ops.attribute_values AS kept SET {identifier(name)} = former.value "
            "FROM ops.former_values AS former WHERE former.account_id = kept.account_id AND former.field = $field",
            {"field": name},
        )
        tx.execute("DELETE FROM ops.former_values WHERE field = $field", {"field": name})


def _keep_former_values(tx: Transaction, day: date, name: str, held: ColumnType, is_second: bool) -> None:
    """Keep the values that a column had before this day."""
    text = text_of(held, identifier(name))
    selected = f"SELECT account_id, {literal(name)}, {literal(held.sql)}, {text} FROM"
    filled = f"{identifier(name)} IS NOT NULL"
    if not is_second:
        tx.execute(f"INSERT INTO ops.former_values {selected} ops.attribute_values WHERE {filled}")
        return
    tx.execute(
        f"INSERT INTO ops.former_values {selected} ops.attribute_values WHERE {filled} AND first_matched_on < $day "
        "AND account_id NOT IN (SELECT account_id FROM ops.undo_attribute_values)",
        {"day": day},
    )
    if name in tx.columns("ops", "undo_attribute_values"):
        tx.execute(f"INSERT INTO ops.former_values {selected} ops.undo_attribute_values WHERE {filled}")
        _leave_out_of_undo(tx, name)


def _drop_columns_of_the_day(tx: Transaction) -> None:
    """Drop the columns of fields that no earlier day had, because undoing restores only changed rows."""
    for (name,) in tx.execute(
        "SELECT field FROM insights.fields WHERE category = 'attribute' "
        "AND field NOT IN (SELECT field FROM ops.undo_fields)"
    ):
        if name in tx.columns("ops", "attribute_values"):
            _leave_out_of_undo(tx, name)
            tx.execute(f"ALTER TABLE ops.attribute_values DROP COLUMN {identifier(name)}")


def _leave_out_of_undo(tx: Transaction, name: str) -> None:
    """Exclude a column from undoing the day, because its kind changed or its values are restored separately."""
    if name in tx.columns("ops", "undo_attribute_values"):
        tx.execute(f"ALTER TABLE ops.undo_attribute_values DROP COLUMN {identifier(name)}")
