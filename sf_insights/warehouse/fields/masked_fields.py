"""Find encrypted fields that contain only masks."""

from __future__ import annotations

from collections.abc import Iterable

from sf_insights.domain.fields.masking import MASKED_TYPE, PATTERN
from sf_insights.domain.fields.plan import PlannedField
from sf_insights.sql import identifier
from sf_insights.warehouse.transaction import Transaction


def masked_fields(tx: Transaction, plan: Iterable[PlannedField]) -> list[str]:
    """Return the encrypted fields of the plan whose values in the live accounts are all masks."""
    held = tx.columns("salesforce", "raw_accounts")
    names = [field.name for field in plan if field.field.type == MASKED_TYPE and field.name in held]
    return [
        name
        for name in names
        if tx.value(
            f"SELECT bool_and(regexp_full_match({identifier(name)}, $mask)) FROM salesforce.raw_accounts "
            'WHERE NOT "IsDeleted" AND absent_since IS NULL',
            {"mask": PATTERN},
        )
    ]
