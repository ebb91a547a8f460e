"""How pages show values: by display format, or else by type, wherever the value comes from."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from sf_insights.domain.fields.appearance import Appearance

AMOUNT = Appearance("number", "currency", 2)
NUMBER = Appearance("number", "decimal", 2)
PERCENT = Appearance("number", "percent", 2)


@pytest.mark.parametrize(
    ("appearance", "value", "text"),
    [
        (AMOUNT, Decimal("1234.50"), "1,234.50 EUR"),
        (AMOUNT, 1234.0, "1,234 EUR"),
        (AMOUNT, "1234.567", "1,234.567 EUR"),
        (NUMBER, "1234.50", "1,234.5"),
        (Appearance("number", "integer", 0), 3873, "3,873"),
        (PERCENT, 95.0, "95 %"),
        (NUMBER, "many", "many"),
        (Appearance("text"), "3873", "3873"),
        (Appearance("text"), "", None),
        (Appearance("picklist"), None, None),
    ],
)
def test_a_value_is_shown_by_its_type(appearance, value, text):
    assert appearance.text(value, "EUR") == text


@pytest.mark.parametrize(
    ("appearance", "values", "text"),
    [
        (Appearance("true_or_false"), [False, "false"], "No"),
        (Appearance("true_or_false"), [True, "true"], "Yes"),
        (Appearance("text", "time"), [time(0, 0), "00:00:00", "00:00:00.000Z"], "00:00:00"),
        (Appearance("calendar_date"), [date(2026, 3, 9), "2026-03-09"], "2026-03-09"),
        (
            Appearance("timestamp"),
            [datetime(2026, 3, 9, 8, tzinfo=UTC), "2026-03-09 09:00:00+01", "2026-03-09T08:00:00.000+0000"],
            "2026-03-09 08:00 UTC",
        ),
        (NUMBER, [95, 95.0, "95.00", Decimal("95.000")], "95"),
    ],
)
def test_a_value_looks_alike_in_the_snapshot_in_a_change_and_in_salesforce(appearance, values, text):
    assert {appearance.text(value) for value in values} == {text}


@pytest.mark.parametrize("value", [1e27, 1e300, -1e300, float("inf"), float("nan"), "1E+40", -0.0, "-0.0", 5e-324])
@pytest.mark.parametrize("appearance", [AMOUNT, NUMBER, PERCENT, Appearance("number", None, 0, "number 2")])
def test_every_number_has_a_short_text(appearance, value):
    text = appearance.text(value)
    assert text
    assert len(text) < 60
    if value in (-0.0, "-0.0"):
        assert text.startswith("0")


def test_the_display_format_comes_before_the_type():
    appearance = Appearance("number", "percent", 2, "percent 0")
    assert appearance.text(63.46) == "63 %"
    assert Appearance("number", "percent", 2, "currency 1").text("63.46", "EUR") == "63.5 EUR"
    assert Appearance("calendar_date", display_format="date day month year").text("2026-03-09") == "9 March 2026"
    assert Appearance("text", display_format="number 2").text("7") == "7"


def test_a_number_that_a_format_rounds_to_zero_has_no_sign():
    assert Appearance("number", display_format="number 1").text(-0.04) == "0.0"
