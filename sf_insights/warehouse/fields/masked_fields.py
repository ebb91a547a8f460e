"""Find encrypted fields that contain only masks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sf_insights.domain.fields.masking import MASKED_TYPE, PATTERN
from sf_insights.sql import identifier
from sf_insights.warehouse.transaction import Transaction

if TYPE_CHECKING:
    from sf_insights.domain.fields.plan import PlannedField


def masked_fields(tx: Transaction, plan: Iterable[PlannedField]) -> list[str]:
    """Return the encrypted fields of the plan whose values in the live accounts are all masks."""
    return _masked(tx, [field.name for field in plan if field.field.type == MASKED_TYPE])


def masked_in_last_plan(tx: Transaction) -> list[str]:
    """Return the same for the plan of the last planned sync."""
    encrypted = tx.execute(
        "SELECT field FROM salesforce.selected_fields WHERE type = $type ORDER BY rowid", {"type": MASKED_TYPE}
    )
    return _masked(tx, [field for (field,) in encrypted])


def _masked(tx: Transaction, names: Sequence[str]) -> list[str]:
    held = tx.columns("salesforce", "raw_accounts") if names else {}
    return [
        name
        for name in names
        if name in held
        and tx.value(
            f"SELECT bool_and(regexp_full_match({identifier(name)}, $mask)) FROM salesforce.raw_accounts "
            'WHERE NOT "IsDeleted" AND absent_since IS NULL',
            {"mask": PATTERN},
        )
    ]
