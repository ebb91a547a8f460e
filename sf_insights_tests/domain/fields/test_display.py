"""Display formats: how pages show values."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from sf_insights.domain.fields.display import DisplayFormat, choices, sentence


@pytest.mark.parametrize(
    ("text", "value", "shown"),
    [
        ("number", Decimal("1234.500"), "1,234.5"),
        ("number 0", 1234.5, "1,234"),
        ("number 2", 7, "7.00"),
        ("percent", 25.0, "25 %"),
        ("percent 1", Decimal("-0.25"), "-0.2 %"),
        ("currency 2", 1234567, "1,234,567.00 EUR"),
        ("date year-month-day", date(2026, 3, 9), "2026-03-09"),
        ("date day month year", date(2026, 3, 9), "9 March 2026"),
        ("date month day, year", datetime(2026, 3, 9, 23, tzinfo=UTC), "March 9, 2026"),
        ("date day/month/year", date(2026, 3, 9), "09/03/2026"),
        ("date month/day/year", date(2026, 3, 9), "03/09/2026"),
    ],
)
def test_a_value_is_shown_in_its_format(text, value, shown):
    assert DisplayFormat.parse(text).shown(value, "EUR") == shown


@pytest.mark.parametrize(("text", "value"), [("number", "1"), ("percent", True), ("date day month year", time(8))])
def test_a_format_of_another_type_does_not_apply(text, value):
    assert DisplayFormat.parse(text).shown(value) is None


@pytest.mark.parametrize("text", ["", "percent1", "percent -1", "money", "date", "date tomorrow", "day month year"])
def test_an_unknown_format_is_refused_with_those_that_are_allowed(text):
    with pytest.raises(ValueError, match=r"must be number, percent or currency, .* day month year"):
        DisplayFormat.parse(text)


def test_too_many_places_are_refused():
    with pytest.raises(ValueError, match="7 decimal places; at most 6"):
        DisplayFormat.parse("number 7")


@pytest.mark.parametrize(
    ("data_type", "is_offered"), [("number", True), ("calendar_date", True), ("timestamp", True), ("text", False)]
)
def test_the_formats_to_choose_from_are_valid_and_have_an_example(data_type, is_offered):
    offered = choices(data_type)
    assert bool(offered) == is_offered
    for name, example in offered:
        assert DisplayFormat.parse(name)
        assert example in sentence(name)
