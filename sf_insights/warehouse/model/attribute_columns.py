"""The columns of ops.attribute_values: each as its field's values need it, also when these become of another kind.

A column of another kind starts empty. What it held is kept as text in ops.former_values until the day is over: the
changes of the day tell it, and a second sync of the day may need it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.sql import identifier, literal
from sf_insights.warehouse.accounts.columns import fit_column
from sf_insights.warehouse.transaction import Transaction


def text_of(column: ColumnType, expression: str) -> str:
    """SQL that gives a value as text that casts back, whatever the reader's time zone."""
    if column.kind == "timestamp":
        return f"({expression} AT TIME ZONE 'UTC')::VARCHAR || '+00'"
    return f"{expression}::VARCHAR"


def fit_attribute_columns(tx: Transaction, day: date, attributes: Sequence[str], *, is_second: bool) -> list[str]:
    """Make every column of the attributes that are read fit; return those to be filled by `give_values_back`.

    Args:
        tx: the transaction, in which no row of the table may have been changed yet: DuckDB would not commit it.
        day: the sync's day.
        attributes: the fields that this sync reads as attributes.
        is_second: whether the day has been synced before and is about to be undone.
    """
    if not is_second:
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
    """Fill columns with what they held before the day, after the rest of the day was undone."""
    for name in names:
        tx.execute(
            f"UPDATE ops.attribute_values AS kept SET {identifier(name)} = former.value "
            "FROM ops.former_values AS former WHERE former.account_id = kept.account_id AND former.field = $field",
            {"field": name},
        )
        tx.execute("DELETE FROM ops.former_values WHERE field = $field", {"field": name})


def _keep_former_values(tx: Transaction, day: date, name: str, held: ColumnType, is_second: bool) -> None:
    """Keep what a column held before this day."""
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


def _leave_out_of_undo(tx: Transaction, name: str) -> None:
    """Let the undoing of the day bring nothing into a column that is of another kind now, or filled otherwise."""
    if name in tx.columns("ops", "undo_attribute_values"):
        tx.execute(f"ALTER TABLE ops.undo_attribute_values DROP COLUMN {identifier(name)}")
