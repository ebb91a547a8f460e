"""Change columns to fit the values of a field."""

from __future__ import annotations

from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.sql import identifier
from sf_insights.warehouse.transaction import Transaction


def fit_column(tx: Transaction, table: str, name: str, type_: str | None, needed: ColumnType) -> None:
    """Add or widen a column, or replace it with an empty one if its kind changed; never narrow it."""
    if type_ is not None:
        held = ColumnType.parse(type_)
        wider = held.widened(needed)
        if wider is not None and wider != held:
            tx.execute(f"ALTER TABLE {table} ALTER COLUMN {identifier(name)} TYPE {wider.sql}")
        if wider is not None:
            return
        tx.execute(f"ALTER TABLE {table} DROP COLUMN {identifier(name)}")
    tx.execute(f"ALTER TABLE {table} ADD COLUMN {identifier(name)} {needed.sql}")
