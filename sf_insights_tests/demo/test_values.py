from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sf_insights.demo.data.ids import record_id, to_18, twin_ids
from sf_insights.demo.data.values import java_double, to_store, to_truth
from sf_insights.demo.web.json_values import to_json


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0.0"),
        (12.5, "12.5"),
        (350_000, "350000.0"),
        (9_999_999, "9999999.0"),
        (10_000_000, "1.0E7"),
        (99_213_206, "9.9213206E7"),
        (16_147_805_824_397, "1.6147805824397E13"),
        (-25_000_000_000, "-2.5E10"),
        (0.001, "0.001"),
        (0.0001, "1.0E-4"),
    ],
)
def test_numbers_are_written_as_java_writes_them(number: float, text: str) -> None:
    assert java_double(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_formatted_number_reads_back_as_itself(number: float) -> None:
    assert float(java_double(number)) == number
    assert Decimal(java_double(number)) == Decimal(repr(number))


@pytest.mark.parametrize(
    ("body", "suffix"),
    [
        ("001M000000qfPyS", "IAU"),
        ("001A0000006Vm9r", "IAC"),
        ("a01M00000062mPg", "IAI"),
        ("aBcDEfgHIJKLMNO", "025"),
        ("a0D30000001n7Pi", "EAI"),
    ],
)
def test_the_suffix_of_an_id_encodes_its_letter_case(body: str, suffix: str) -> None:
    assert to_18(body) == body + suffix


def test_all_ids_are_different() -> None:
    assert len({record_id("001", number) for number in range(20_000)}) == 20_000


def test_twin_ids_differ_only_in_letter_case() -> None:
    one, other = twin_ids(7)
    assert one[:15] != other[:15]
    assert one[:15].casefold() == other[:15].casefold()


@pytest.mark.parametrize(
    ("type_", "value", "stored"),
    [
        ("currency", Decimal("90000000"), "9.0E7"),
        ("boolean", True, "true"),
        ("int", 42, "42"),
        ("string", "  x ", "  x "),
        ("string", "", None),
        ("date", "4000-12-31", "4000-12-31"),
    ],
)
def test_values_are_stored_as_text(type_: str, value: object, stored: str | None) -> None:
    assert to_store(type_, value) == stored


def test_expected_values_and_json_come_from_the_same_text() -> None:
    assert to_truth("percent", "25.0") == 25.0
    assert to_truth("boolean", "false") is False
    assert to_json("datetime", "2026-01-31T12:34:56.000Z") == "2026-01-31T12:34:56.000+0000"
