"""Field types and the columns for their values."""

from itertools import permutations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sf_insights.domain.fields.field_types import AccountField, ColumnType, Kind

OTHER_KINDS: list[Kind] = ["text", "boolean", "integer", "date", "timestamp", "time"]
decimals = st.builds(ColumnType, st.just("decimal"), st.integers(1, 20), st.integers(0, 18))
columns = st.one_of(decimals, st.sampled_from([ColumnType(kind) for kind in OTHER_KINDS]))


def described(type_: str, **more) -> AccountField:
    return AccountField.from_describe({"name": "Some__c", "label": "Some", "type": type_, **more})


def largest(column: ColumnType) -> str:
    if column.kind == "integer":
        return "9223372036854775807"
    return "9" * column.integer_digits + "." + "9" * column.scale


@given(columns)
def test_a_type_is_written_in_duckdbs_syntax_and_read_back(column):
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE account (value {column.sql})")
        types = connection.execute("SELECT data_type FROM duckdb_columns() WHERE column_name = 'value'")
        [(written,)] = types.fetchall()
    assert written == column.sql
    assert ColumnType.parse(written) == column


@pytest.mark.parametrize("sql", ["HUGEINT", "DOUBLE", "VARCHAR[]", "TIMESTAMP", "", "decimal(3,2)"])
def test_an_unknown_type_is_refused(sql):
    with pytest.raises(ValueError, match="no field is stored as"):
        ColumnType.parse(sql)


@given(columns, columns)
def test_the_wider_of_two_types_is_the_same_from_both_sides(one, other):
    assert one.widened(other) == other.widened(one)


@given(columns)
def test_a_type_is_as_wide_as_itself(column):
    assert column.widened(column) == column


@given(columns, columns)
def test_only_number_types_widen_into_each_other(one, other):
    numbers = {"integer", "decimal"}
    meet = one.kind == other.kind or {one.kind, other.kind} <= numbers
    assert (one.widened(other) is not None) == meet


@given(decimals, st.one_of(decimals, st.just(ColumnType("integer"))))
def test_a_wider_type_holds_the_largest_values_of_both(one, other):
    wider = one.widened(other)
    assert wider is not None
    with duckdb.connect() as connection:
        for narrow in (one, other):
            value = largest(narrow)
            [(same,)] = connection.execute(
                f"SELECT '{value}'::{narrow.sql}::{wider.sql}::{narrow.sql} = '{value}'::{narrow.sql}"
            ).fetchall()
            assert same


@given(decimals, decimals)
def test_a_decimal_is_widened_only_as_far_as_needed(one, other):
    wider = one.widened(other)
    assert wider is not None
    assert wider.integer_digits == max(one.integer_digits, other.integer_digits)
    assert wider.scale == max(one.scale, other.scale)


@given(st.lists(st.one_of(decimals, st.just(ColumnType("integer"))), min_size=3, max_size=3))
def test_the_order_in_which_pages_widen_a_type_does_not_matter(types):
    ends = set()
    for first, *others in permutations(types):
        widest = first
        for other in others:
            widest = widest.widened(other)
        ends.add(widest)
    assert len(ends) == 1


@pytest.mark.parametrize(
    ("type_", "more", "sql", "data_type", "format_", "places"),
    [
        ("string", {"length": 255}, "VARCHAR", "text", None, None),
        ("textarea", {}, "VARCHAR", "text", None, None),
        ("multipicklist", {}, "VARCHAR", "text", None, None),
        ("url", {}, "VARCHAR", "text", None, None),
        ("picklist", {}, "VARCHAR", "picklist", None, None),
        ("id", {}, "VARCHAR", "identifier", None, None),
        ("reference", {}, "VARCHAR", "identifier", None, None),
        ("boolean", {}, "BOOLEAN", "true_or_false", None, None),
        ("date", {}, "DATE", "calendar_date", None, None),
        ("datetime", {}, "TIMESTAMP WITH TIME ZONE", "timestamp", None, None),
        ("time", {}, "TIME", "text", "time", None),
        ("int", {"digits": 8}, "BIGINT", "number", "integer", 0),
        ("long", {}, "BIGINT", "number", "integer", 0),
        ("double", {"precision": 18, "scale": 0}, "DECIMAL(18,0)", "number", "integer", 0),
        ("double", {"precision": 18, "scale": 4}, "DECIMAL(18,4)", "number", "decimal", 4),
        ("currency", {"precision": 18, "scale": 2}, "DECIMAL(18,2)", "number", "currency", 2),
        ("percent", {"precision": 5, "scale": 2}, "DECIMAL(5,2)", "number", "percent", 2),
        ("a type of tomorrow", {}, "VARCHAR", "text", None, None),
    ],
)
def test_each_salesforce_type_has_a_column_type_and_a_data_type_name(type_, more, sql, data_type, format_, places):
    field = described(type_, **more)
    assert (field.column.sql, field.data_type, field.format, field.places) == (sql, data_type, format_, places)
    assert field.refusal is None


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from(["double", "currency", "percent"]))
def test_a_column_can_be_created_for_any_describe(precision, scale, type_):
    column = described(type_, precision=precision, scale=scale).column
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE account (value {column.sql})")
    assert column.scale == min(scale, 18)


@pytest.mark.parametrize("type_", ["int", "long", "double", "currency", "percent"])
def test_numbers_including_formulas_can_be_metrics(type_):
    assert described(type_).is_numerical
    assert described(type_, calculated=True).is_numerical


@pytest.mark.parametrize("type_", ["string", "picklist", "boolean", "date", "datetime", "time", "id", "address"])
def test_only_numbers_qualify_as_metrics(type_):
    assert not described(type_).is_numerical


@pytest.mark.parametrize("type_", ["address", "location"])
def test_compound_fields_are_refused_with_a_remedy(type_):
    assert "select its parts" in (described(type_).refusal or "")


@pytest.mark.parametrize("type_", ["base64", "complexvalue", "json", "anyType", "datacategorygroupreference"])
def test_fields_without_a_single_value_are_refused(type_):
    assert type_ in (described(type_).refusal or "")


def test_describe_may_omit_or_null_optional_keys():
    bare = AccountField.from_describe({"name": "Some__c", "type": "string"})
    nulls = AccountField.from_describe(
        {
            "name": "Some__c",
            "label": None,
            "type": "string",
            "length": None,
            "precision": None,
            "scale": None,
            "calculated": None,
            "custom": None,
            "inlineHelpText": "",
            "compoundFieldName": None,
        }
    )
    assert bare == nulls == AccountField(name="Some__c", label="Some__c", type="string")


def test_every_key_of_a_describe_is_read():
    field = described(
        "double",
        label="Skóre",
        precision=18,
        scale=3,
        calculated=True,
        custom=True,
        inlineHelpText="0 to 1",
        compoundFieldName="Whole__c",
    )
    assert (field.label, field.is_formula, field.is_custom) == ("Skóre", True, True)
    assert (field.help_text, field.compound_field) == ("0 to 1", "Whole__c")
