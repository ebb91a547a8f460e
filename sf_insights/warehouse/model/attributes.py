"""ops.attribute_values and ops.attribute_changes: the attributes of every matched account, and their changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sf_insights.domain.fields.dictionary import FIXED_COLUMNS
from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.sql import identifiers, render
from sf_insights.warehouse.fields.states import last_days
from sf_insights.warehouse.model.extent import Extent
from sf_insights.warehouse.model.metrics import begin_metrics
from sf_insights.warehouse.model.modelled_field import ModelledField
from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction

# The columns of ops.attribute_values that describe the account and the day, not a field.
_OWN_COLUMNS = (*FIXED_COLUMNS, "last_current_on")
# These columns are compared in addition to the attributes.
_IDENTITY = ("account_number", "account_name", "salesforce_account_id", "currency")


def write_attributes(
    tx: Transaction, sync: Sync, extent: Extent, attributes: Sequence[str], metrics: Sequence[str]
) -> int:
    """Update ops.attribute_values to today and record the changes; return how many accounts lost their match.

    Leaves the temporary relations `touched`, `todays_values`, `new_values` and `ended` for the metrics.
    """
    held = tx.columns("ops", "attribute_values")
    tx.use_memory_for(len(held))
    tx.run(
        f"attributes/{extent}",
        {"day": sync.day, "since": sync.since},
        attributes=attributes,
        fields=[*attributes, *metrics],
        identity=list(_IDENTITY),
        content=f"hash({identifiers(attributes)})" if attributes else "0",
        **_expressions(tx, attributes),
    )
    tracked, unread = _read_before(tx, sync, attributes)
    if tracked or unread:
        tx.run("attributes/changes", {"day": sync.day}, tracked=tracked, unread=unread)
    if extent != "first":
        tx.run(
            "attributes/written",
            {"day": sync.day, "previous_day": sync.previous_day},
            attributes=attributes,
            identity=list(_IDENTITY),
            carried=[name for name in held if name not in (*_OWN_COLUMNS, *attributes)],
        )
    tx.execute(f"DROP {'TABLE' if extent == 'everything' else 'VIEW'} changed_values")
    if not tx.is_empty("ops.former_values"):
        tx.run("ops/former_values", {"day": sync.day})
    tx.run("ops/previous_days", {"day": sync.day})
    return int(tx.value("SELECT count(*) FROM ended"))


def begin_fields(tx: Transaction, sync: Sync, attributes: Sequence[str], metrics: Sequence[str]) -> None:
    """Give fields that no sync had before their first values, in the accounts that `write_attributes` left out."""
    if attributes:
        tx.use_most_memory()  # DuckDB keeps values that are updated in place in memory until they are written
        tx.run("attributes/new_fields", fields=attributes, **_expressions(tx, attributes))
    if metrics:
        values = render("attributes/todays_values", fields=metrics, **_expressions(tx, ()))
        begin_metrics(tx, sync, metrics, f"({values})")


def _expressions(tx: Transaction, attributes: Iterable[str]) -> dict[str, Any]:
    """Return what the SQL of today's values takes from raw_accounts: casts to the kept types, and the currency."""
    landed, held = tx.columns("salesforce", "raw_accounts"), tx.columns("ops", "attribute_values")
    return {
        # DuckDB hashes the digits of a DECIMAL without its scale: 1.00 and 100 in two scales would be equal.
        "casts": {name: f"::{held[name]}" for name in attributes if held[name] != landed[name]},
        "currency": 'raw."CurrencyIsoCode"' if "CurrencyIsoCode" in landed else "NULL::VARCHAR",
    }


def drop_todays_values(tx: Transaction, extent: Extent) -> None:
    """Drop the temporary relations that `write_attributes` leaves."""
    tx.execute(f"DROP {'TABLE' if extent == 'incremental' else 'VIEW'} todays_values")
    for name in ("touched", "new_values", "ended"):
        tx.execute(f"DROP TABLE {name}")


def _read_before(
    tx: Transaction, sync: Sync, attributes: Sequence[str]
) -> tuple[list[ModelledField], list[ModelledField]]:
    """Return the attributes that a sync of an earlier day read: those that this one reads too, and the others.

    The first values of a new field are not changes.
    """
    columns = tx.columns("ops", "attribute_values")
    before = [
        ModelledField(name, name, ColumnType.parse(columns[name]), day)
        for name, day in sorted(last_days(tx, "attribute").items())
        if name in columns and day < sync.day
    ]
    read = set(attributes)
    return [field for field in before if field.name in read], [field for field in before if field.name not in read]
