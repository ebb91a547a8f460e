"""Which accounts a sync compares."""

from __future__ import annotations

from typing import Literal

from sf_insights.warehouse.transaction import Transaction

Extent = Literal["first", "everything", "incremental"]


def extent_of(tx: Transaction, *, is_same_selection: bool) -> Extent:
    """Return which accounts a sync compares: none in the first one, all if the selection changed, else changed ones.

    Fields that no sync had before do not change the selection: `attributes.begin_fields` fills them.
    """
    if tx.is_empty("ops.attribute_values"):
        return "first"
    lost_currency = "CurrencyIsoCode" not in tx.columns("salesforce", "raw_accounts") and tx.value(
        "SELECT count(currency) > 0 FROM ops.attribute_values"
    )
    return "incremental" if is_same_selection and not lost_currency else "everything"
