"""The SOQL query that reads all Accounts, and the object of any query."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sf_insights.domain.fields.field_types import AccountField, ColumnType

# Every sync reads these: the first three show deletes and merges, and names suggest candidates for unmatched accounts.
SYSTEM_FIELDS = ("Id", "IsDeleted", "MasterRecordId", "SystemModstamp", "Name")
CURRENCY_FIELD = "CurrencyIsoCode"  # exists in multi-currency orgs only
WEBSITE_FIELD = "Website"  # also suggests candidates, if the integration user sees it
# The code and the SQL files name these fields, so the catalog uses this spelling.
OWN_NAMES = (*SYSTEM_FIELDS, CURRENCY_FIELD, WEBSITE_FIELD)


def columns_to_read(org: Mapping[str, AccountField], selected: Iterable[AccountField]) -> dict[str, ColumnType]:
    """Return the columns to read, in the order of the SELECT, each with the type that `describe` implies."""
    names = [*SYSTEM_FIELDS, *(name for name in (CURRENCY_FIELD, WEBSITE_FIELD) if name in org)]
    columns = {name: org[name].column if name in org else ColumnType("text") for name in names}
    for field in selected:
        columns.setdefault(field.name, field.column)
    return columns


def select_accounts(columns: Iterable[str]) -> str:
    """Return the query for every Account. ORDER BY or LIMIT would stop Salesforce from splitting it into chunks."""
    return f"SELECT {', '.join(columns)} FROM Account"


def object_of(soql: str) -> str:
    """Return the object that a query reads."""
    named = re.search(r"(?i)\bFROM\s+(\w+)", soql)
    if named is None:
        raise ValueError("The query has no FROM.")
    return named[1]
