"""Cells to cast, and the assertion that each is exact or reported."""

from typing import Any

import polars as pl
from hypothesis import strategies as st

from sf_insights.domain.fields.casting import CastPage, cast_page
from sf_insights.domain.fields.field_types import ColumnType

MONEY = ColumnType("decimal", 16, 2)
REASONS = {
    "boolean": "is not true or false",
    "integer": "is not a whole number",
    "decimal": "is not a number of at most 20 digits before and 18 after the point",
    "date": "is not a date",
    "timestamp": "is not a date and time with its offset",
    "time": "is not a time of day",
}
# Text that people and other tools write in place of a value.
NO_VALUES = [
    "NA",
    "N/A",
    "null",
    "NULL",
    "nan",
    "NaN",
    "None",
    "inf",
    "-Infinity",
    "",
    " ",
    "\0",
    "\r",
    "\n",
    "-",
    "+",
    ".",
]


def cast(texts: list[str | None], column: ColumnType) -> CastPage:
    page = pl.DataFrame(
        {"Id": [f"id{place}" for place in range(len(texts))], "value": texts},
        schema={"Id": pl.String, "value": pl.String},
    )
    return cast_page(page, {"Id": ColumnType("text"), "value": column})


def values(page: CastPage) -> list[Any]:
    return page.frame["value"].to_list()


def assert_exact_or_reported(texts, column, meaning, may_refuse=lambda text: False):
    """Assert that each cell equals its meaning (None: no meaning) or is reported, never both."""
    page = cast(texts, column)
    assert page.frame["Id"].to_list() == [f"id{place}" for place in range(len(texts))]
    reported = {row["record_id"]: row for row in page.rejected.to_dicts()}
    assert len(reported) == len(page.rejected)
    for place, (text, value) in enumerate(zip(texts, values(page), strict=True)):
        report = reported.pop(f"id{place}", None)
        if text is None:
            assert value is None
            assert report is None
        elif report is not None:
            assert value is None
            assert report == {
                "record_id": f"id{place}",
                "field": "value",
                "text": text,
                "reason": REASONS[column.kind],
            }
            assert meaning(text) is None or may_refuse(text), f"{text!r} is {meaning(text)}, and was reported"
        else:
            assert meaning(text) is not None, f"{text!r} means nothing, and became {value!r}"
            assert value == meaning(text)
    assert not reported
    return page


noise = st.one_of(st.text(max_size=12), st.text("0123456789eE+-. \n\0,_", max_size=12), st.sampled_from(NO_VALUES))
