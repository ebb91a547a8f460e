"""Which fields Salesforce can keep the history of, and how AccountHistory names them.

Source: Salesforce Help, "Field History Tracking"; Object Reference, "EntityHistory".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.soql import CURRENCY_FIELD

LONGEST_VALUE = 255  # a change of a longer text is recorded without its values
_ID = "Id"
PLACE = "Setup, Object Manager, Account, Fields & Relationships, Set History Tracking"
SET_UP = f"Switch on history tracking in Salesforce ({PLACE})"


def why_not_kept(field: AccountField) -> str | None:
    """Return why Salesforce keeps no values of a field's past, or None if it can keep them.

    Auto-numbers are not recognized, since they are texts in the catalog; AccountHistory has no rows of them.
    """
    if field.is_formula:
        return "calculated by Salesforce, which keeps no history of formulas and roll-up summaries"
    if field.type == "multipicklist":
        return "Salesforce records that a multi-select picklist changed, but not its values"
    if field.type == "textarea" and field.length > LONGEST_VALUE:
        return "Salesforce records that a long text changed, but not its values"
    if field.type in ("time", "encryptedstring"):
        return f"Salesforce keeps no history of the type {field.type}"
    return None


def history_names(field: AccountField) -> list[str]:
    """Return the values of AccountHistory.Field for a field: a standard lookup such as OwnerId appears as Owner."""
    names = [field.name]
    if is_lookup(field) and field.name.endswith(_ID):
        names.append(field.name.removesuffix(_ID))
    return names


def is_lookup(field: AccountField) -> bool:
    """Whether a change gives two rows: one with the names of the records, and one with their ids."""
    return field.type == "reference"


def fields_to_read(
    fields: Iterable[AccountField], described: Mapping[str, AccountField], *, with_metrics: bool
) -> list[AccountField]:
    """Return the fields whose history is read to fill these.

    In an org with several currencies, the value of a metric has the Account's currency beside it.

    Args:
        fields: the fields to fill.
        described: the fields of Account that the describe call shows, by API name.
        with_metrics: whether one of the fields is a metric.
    """
    found = {field.name: field for field in fields}
    if with_metrics and CURRENCY_FIELD in described:
        found[CURRENCY_FIELD] = described[CURRENCY_FIELD]
    return list(found.values())


def select_history(fields: Iterable[AccountField]) -> str:
    """Return the query for the rows of these fields. ORDER BY would stop Salesforce from splitting it into chunks."""
    names = ", ".join(f"'{name}'" for field in fields for name in history_names(field))
    return f"SELECT {', '.join(HISTORY_COLUMNS)} FROM AccountHistory WHERE Field IN ({names})"


def select_creation() -> str:
    """Return the query for the day on which each Account was created."""
    return f"SELECT {', '.join(CREATION_COLUMNS)} FROM Account"


# Each with the kind of its column.
HISTORY_COLUMNS = {
    "Id": "text",
    "IsDeleted": "boolean",
    "AccountId": "text",
    "CreatedDate": "timestamp",
    "Field": "text",
    "DataType": "text",
    "OldValue": "text",
    "NewValue": "text",
}
CREATION_COLUMNS = {"Id": "text", "IsDeleted": "boolean", "CreatedDate": "timestamp"}
