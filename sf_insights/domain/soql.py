"""The one statement that reads the accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sf_insights.domain.fields.field_types import AccountField, ColumnType

# Read in every sync, whatever is selected: deletes and merges show only in the first ones, and the name is what an
# account without a match is compared with.
SYSTEM_FIELDS = ("Id", "IsDeleted", "MasterRecordId", "SystemModstamp", "Name")
CURRENCY_FIELD = "CurrencyIsoCode"  # exists in multi-currency orgs only
WEBSITE_FIELD = "Website"  # compared with names as well, where the integration user sees it
# The code and the SQL files name these fields, so the catalog takes this spelling of them.
OWN_NAMES = (*SYSTEM_FIELDS, CURRENCY_FIELD, WEBSITE_FIELD)


def columns_to_read(org: Mapping[str, AccountField], selected: Iterable[AccountField]) -> dict[str, ColumnType]:
    """The columns of this sync's snapshot in the order of its SELECT, each with the type describe asks for."""
    names = [*SYSTEM_FIELDS, *(name for name in (CURRENCY_FIELD, WEBSITE_FIELD) if name in org)]
    columns = {name: org[name].column if name in org else ColumnType("text") for name in names}
    for field in selected:
        columns.setdefault(field.name, field.column)
    return columns


def select_accounts(columns: Iterable[str]) -> str:
    """Every account there is. No ORDER BY and no LIMIT: either makes Salesforce give up reading in chunks."""
    return f"SELECT {', '.join(columns)} FROM Account"
