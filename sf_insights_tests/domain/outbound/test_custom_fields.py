"""The custom field for a column, by Zuora's table of types, and by the sizes of its values."""

import pytest

from sf_insights.domain.outbound.custom_fields import Column, api_name, custom_field
from sf_insights.domain.outbound.settings import OutboundField


def made(duckdb_type, **sizes):
    field = custom_field(Column("column", duckdb_type, **sizes))
    assert field is not None
    return field.insights_type, field.type, field.length, field.decimals


def entry(**settings):
    return OutboundField.model_validate({"from": "column", "to": "Insights_Mine__c", **settings})


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (("BOOLEAN", {}), ("True or False", "Checkbox", None, None)),
        (("DATE", {}), ("Calendar Date", "Date", None, None)),
        (("TIMESTAMP WITH TIME ZONE", {}), ("Timestamp", "Date/Time", None, None)),
        (("VARCHAR", {"longest": 12, "data_type": "picklist"}), ("Picklist", "Text", 40, None)),
        (("TIME", {"longest": 8}), ("Text", "Text", 40, None)),
        (("BIGINT", {"digits": 3, "decimals": 0}), ("Number: Integer", "Number", 6, 0)),
        (("DOUBLE", {"digits": 7, "decimals": 3}), ("Number: Decimal", "Number", 9, 3)),
        (
            ("DOUBLE", {"digits": 7, "decimals": 0, "format": "currency", "places": 2}),
            ("Number: Currency", "Currency", 9, 2),
        ),
        (
            ("DOUBLE", {"digits": 2, "decimals": 1, "format": "percent", "places": 1}),
            ("Number: Percent", "Percent", 6, 1),
        ),
    ],
)
def test_each_insights_type_becomes_the_salesforce_type_of_zuoras_table(column, expected):
    duckdb_type, sizes = column
    assert made(duckdb_type, **sizes) == expected


@pytest.mark.parametrize(
    ("longest", "type_", "length"),
    [
        (None, "Text", 40),
        (32, "Text", 40),
        (33, "Text", 80),
        (204, "Text", 255),
        (255, "Text", 255),
        (256, "Text Area (Long)", 32_768),
        (30_000, "Text Area (Long)", 131_072),
    ],
)
def test_a_text_field_has_room_for_a_quarter_more(longest, type_, length):
    assert made("VARCHAR", longest=longest)[1:3] == (type_, length)


def test_a_number_field_never_has_more_digits_than_salesforce_allows():
    _, _, length, decimals = made("DECIMAL(38,10)", digits=15, decimals=10)
    assert length is not None
    assert decimals is not None
    assert length + decimals == 18


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"combine": "count"}, ("Number", 6, 0)),
        ({"combine": "sum"}, ("Number", 9, 0)),
        ({"combine": "list"}, ("Text", 255, None)),
        ({"currency": "currency"}, ("Currency", 7, 2)),
    ],
)
def test_the_entry_decides_what_the_field_gets(settings, expected):
    field = custom_field(Column("column", "BIGINT", digits=5, decimals=0), entry(**settings))
    assert field is not None
    assert (field.type, field.length, field.decimals) == expected
    assert field.api_name == "Insights_Mine__c"
    assert field.is_mapped


def test_a_column_of_several_values_has_no_field():
    assert custom_field(Column("column", "INTEGER[]")) is None


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("account_status", "Insights_Account_Status__c"),
        ("ARR__c", "Insights_ARR__c"),
        ("30 day trend", "Insights_30_Day_Trend__c"),
        ("%", "Insights_Value__c"),
        ("a_very_long_name_of_a_column_of_insights", "Insights_A_Very_Long_Name_Of_A_Column_Of__c"),
    ],
)
def test_the_api_name_is_the_insights_name_with_the_prefix(column, name):
    assert api_name(column) == name
    assert len(name.removesuffix("__c")) <= 40
