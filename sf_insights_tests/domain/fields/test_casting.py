"""Cast pages of text: what is not a number, a date or a time, and whole rows."""

from datetime import date
from decimal import Decimal

import duckdb
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from sf_insights.domain.fields.casting import cast_page
from sf_insights.domain.fields.field_types import ColumnType
from sf_insights_tests.domain.fields.casting_cells import (
    MONEY,
    NO_VALUES,
    assert_exact_or_reported,
    cast,
    noise,
    values,
)


@given(st.lists(st.one_of(st.none(), st.text(max_size=8), st.sampled_from([*NO_VALUES, "true", "a\rb"]))))
def test_text_is_unchanged(texts):
    page = cast(texts, ColumnType("text"))
    assert values(page) == texts
    assert page.rejected.is_empty()


@given(
    st.lists(st.one_of(st.none(), st.sampled_from(["true", "false", "True", "FALSE", "0", "1", "t", "true "]), noise))
)
def test_only_true_and_false_are_booleans(texts):
    assert_exact_or_reported(texts, ColumnType("boolean"), {"true": True, "false": False}.get)


def test_an_invalid_cell_leaves_the_rest_of_its_row_intact():
    page = pl.DataFrame(
        {
            "Id": ["a", "b", "c"],
            "ARR__c": ["1.50", "lots", None],
            "Renewal__c": ["2026-02-30", "2026-02-28", "soon"],
            "Name": ["Acme", "null", None],
        }
    )
    columns = {
        "Id": ColumnType("text"),
        "ARR__c": MONEY,
        "Renewal__c": ColumnType("date"),
        "Name": ColumnType("text"),
    }
    result = cast_page(page, columns)
    assert result.frame.rows() == [
        ("a", Decimal("1.50"), None, "Acme"),
        ("b", None, date(2026, 2, 28), "null"),
        ("c", None, None, None),
    ]
    assert sorted((row["record_id"], row["field"], row["text"]) for row in result.rejected.to_dicts()) == [
        ("a", "Renewal__c", "2026-02-30"),
        ("b", "ARR__c", "lots"),
        ("c", "Renewal__c", "soon"),
    ]


def test_dates_and_timestamps_are_parsed_as_duckdb_parses_them(tmp_path):
    page = pl.DataFrame(
        {
            "Id": ["a", "b", "c"],
            "day": ["1700-01-01", "4000-12-31", "0000-12-31"],
            "moment": ["1700-01-01T00:00:00.000Z", "4000-12-31T23:59:59.999+0000", "2026-03-01T10:00:00.000-0800"],
            "time": ["00:00:00.000Z", "23:59:59.999Z", "24:00:00.000Z"],
            "text": ["a\rb", "nul\0nul", "NA"],
            "long": ["9223372036854775807", "-9223372036854775808", "9223372036854775808"],
        }
    )
    columns = {
        "Id": ColumnType("text"),
        "day": ColumnType("date"),
        "moment": ColumnType("timestamp"),
        "time": ColumnType("time"),
        "text": ColumnType("text"),
        "long": ColumnType("integer"),
    }
    cast_page(page, columns).frame.write_parquet(tmp_path / "page.parquet")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        relation = connection.sql(f"FROM read_parquet('{tmp_path / 'page.parquet'}')")
        assert [str(kind) for kind in relation.types] == [column.sql for column in columns.values()]
        rows = connection.execute(
            "SELECT day::VARCHAR, moment::VARCHAR, time::VARCHAR, text, long FROM relation"
        ).fetchall()
    assert rows == [
        ("1700-01-01", "1700-01-01 00:00:00+00", "00:00:00", "a\rb", 9223372036854775807),
        ("4000-12-31", "4000-12-31 23:59:59.999+00", "23:59:59.999", "nul\0nul", -9223372036854775808),
        (None, "2026-03-01 18:00:00+00", None, "NA", None),
    ]
