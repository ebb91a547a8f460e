"""The query that reads the accounts, and its columns."""

import re

from sf_insights.domain.fields.field_types import AccountField, ColumnType
from sf_insights.domain.soql import columns_to_read, select_accounts

SYSTEM = [
    AccountField("Id", "Account ID", "id"),
    AccountField("IsDeleted", "Deleted", "boolean"),
    AccountField("MasterRecordId", "Master Record ID", "reference"),
    AccountField("SystemModstamp", "System Modstamp", "datetime"),
    AccountField("Name", "Account Name", "string"),
]
ARR = AccountField("ARR__c", "ARR", "currency", precision=18, scale=2)
INDUSTRY = AccountField("Industry", "Industry", "picklist")
CURRENCY = AccountField("CurrencyIsoCode", "Account Currency", "picklist")


def org(*fields: AccountField) -> dict[str, AccountField]:
    return {field.name: field for field in [*SYSTEM, *fields]}


def test_deletes_and_merges_are_read_with_any_selection():
    assert columns_to_read(org(ARR, INDUSTRY), []) == {
        "Id": ColumnType("text"),
        "IsDeleted": ColumnType("boolean"),
        "MasterRecordId": ColumnType("text"),
        "SystemModstamp": ColumnType("timestamp"),
        "Name": ColumnType("text"),
    }


def test_selected_fields_follow_in_file_order_with_their_types():
    columns = columns_to_read(org(ARR, INDUSTRY), [INDUSTRY, ARR])
    assert list(columns)[5:] == ["Industry", "ARR__c"]
    assert columns["ARR__c"] == ColumnType("decimal", 16, 2)


def test_the_currency_is_read_in_an_org_with_several():
    assert "CurrencyIsoCode" in columns_to_read(org(ARR, CURRENCY), [ARR])
    assert "CurrencyIsoCode" not in columns_to_read(org(ARR), [ARR])


def test_the_website_is_read_if_the_integration_user_sees_it():
    website = AccountField("Website", "Website", "url")
    assert "Website" in columns_to_read(org(ARR, website), [ARR])
    assert "Website" not in columns_to_read(org(ARR), [ARR])


def test_a_selected_field_that_is_always_read_appears_once():
    columns = columns_to_read(org(CURRENCY), [SYSTEM[0], SYSTEM[3], CURRENCY, CURRENCY])
    assert list(columns) == ["Id", "IsDeleted", "MasterRecordId", "SystemModstamp", "Name", "CurrencyIsoCode"]
    assert columns["SystemModstamp"] == ColumnType("timestamp")


def test_the_query_names_every_column_once_and_allows_chunking():
    statement = select_accounts(columns_to_read(org(ARR, INDUSTRY), [ARR, INDUSTRY]))
    assert statement == "SELECT Id, IsDeleted, MasterRecordId, SystemModstamp, Name, ARR__c, Industry FROM Account"
    assert not re.search(r"\b(ORDER BY|LIMIT|WHERE|OFFSET)\b", statement, re.IGNORECASE)
