"""Cast text to numbers: each cell is exact or reported."""

from decimal import Context, Decimal, InvalidOperation, Overflow

import duckdb
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sf_insights.domain.fields.field_types import ColumnType
from sf_insights_tests.domain.fields.casting_cells import (
    MONEY,
    NO_VALUES,
    assert_exact_or_reported,
    cast,
    noise,
    values,
)

EXACT = Context(prec=2000, Emax=10_000, Emin=-10_000)


def number(text: str) -> Decimal | None:
    """Return a text's number by Python's decimal; only ASCII without spaces or underscores counts."""
    if not text.isascii() or not set(text) <= set("0123456789+-.eE"):
        return None
    try:
        value = EXACT.create_decimal(text)
    except (InvalidOperation, Overflow):
        return None
    return value if value.is_finite() else None


def fitting_number(text: str) -> Decimal | None:
    value = number(text)
    if value is None:
        return None
    scaled = EXACT.scaleb(value, 18)
    fits = value.copy_abs() < Decimal(10) ** 20 and scaled == scaled.to_integral_value(context=EXACT)
    return value if fits else None


def far_exponent(text: str) -> bool:
    """Whether the exponent exceeds Salesforce's numbers; such a zero or very long number is reported."""
    exponent = text.lower().partition("e")[2].lstrip("+-")
    return exponent.isdigit() and (len(exponent) > 3 or int(exponent) > 40)


signs = st.sampled_from(["", "-", "+"])
digits = st.text("0123456789", max_size=45)
exponents = st.one_of(
    st.just(""),
    st.integers(-45, 45).map(lambda exponent: f"e{exponent}"),
    st.integers(-45, 45).map(lambda exponent: f"E{exponent:+03}"),
    st.sampled_from(["e999", "E-999", "e1000", "e99999999999", "e", "e+", "E 2", "e2.5"]),
)
numbers = st.one_of(
    st.builds("{}{}{}".format, signs, digits, exponents),
    st.builds("{}{}.{}{}".format, signs, digits, digits, exponents),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.floats(allow_nan=False).map(repr),
    st.integers(-(10**18), 10**18).map(str),
)
numeric_cells = st.lists(st.one_of(st.none(), numbers, noise), min_size=1, max_size=12)


@given(numeric_cells)
@example(["123456789012345678", "-999999999999999999", "1.23456789012345678E17", "12345678901234567890"])
@example(["99999999999999999999.999999999999999999", "100000000000000000000", "1e-18", "1e-19", "-1e-18"])
@example(
    [
        "-0",
        "-0.00",
        "+0",
        "0e5",
        "007",
        "000.100",
        ".5",
        "5.",
        "-.5e1",
        "1" + "0" * 60 + "e-50",
        "0." + "0" * 45 + "1e40",
    ]
)
@example(
    [*NO_VALUES, "1\n", "1\r", " 1", "1\0", "\0001", "1,000", "1.000,5", "1_000", "٣", "１", "0x10", "$5", "1.2.3"]
)
@example(["0e41", "0e999", "1e40", "1e-40", "1e99999999999"])
def test_a_decimal_is_exact_or_reported(texts):
    page = assert_exact_or_reported(texts, MONEY, fitting_number, far_exponent)
    needed = page.columns["value"]
    assert needed.kind == "decimal"
    assert 16 <= needed.integer_digits <= 20
    assert 2 <= needed.scale <= 18
    for value in values(page):
        if value is not None:
            assert value.copy_abs() < Decimal(10) ** needed.integer_digits
            assert value == value.quantize(Decimal(1).scaleb(-needed.scale), context=EXACT)


@given(numeric_cells)
@example(["9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809", "1e3", "10e-1"])
@example(["5.0", "5.000", "5.5", "5.", "-0", "+7", "007", "1e18", "1e19", "0" * 70 + "1"])
@example([*NO_VALUES, "1\n", "1,000", "true", "1e-1"])
def test_a_whole_number_is_exact_or_reported(texts):
    def whole(text):
        value = number(text)
        if value is None or value != value.to_integral_value(context=EXACT):
            return None
        return int(value) if -(2**63) <= value < 2**63 else None

    page = assert_exact_or_reported(texts, ColumnType("integer"), whole, far_exponent)
    assert page.columns["value"] == ColumnType("integer")


def test_a_page_without_numbers_keeps_the_described_type():
    assert cast([None, None], MONEY).columns["value"] == MONEY
    assert cast([], MONEY).columns["value"] == MONEY
    assert cast([], MONEY).frame.schema["value"] == pl.Decimal(18, 2)
    assert cast(["1.5", "7"], MONEY).columns["value"] == MONEY


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("0.125", ColumnType("decimal", 16, 3)),
        ("12345678901234567.5", ColumnType("decimal", 17, 2)),
        ("12345678901234567890.123456789012345678", ColumnType("decimal", 20, 18)),
        ("1e-7", ColumnType("decimal", 16, 7)),
        ("1e17", ColumnType("decimal", 18, 2)),
        ("0.1000000000", MONEY),
        ("00000000000000000000000000.5", MONEY),
        ("1e400", MONEY),
        ("1e-19", MONEY),
    ],
)
def test_a_type_is_widened_only_as_far_as_the_page_needs(text, needed):
    assert cast(["3", text], MONEY).columns["value"] == needed


@given(st.lists(st.lists(st.one_of(st.none(), numbers), max_size=5), min_size=1, max_size=3))
@example([["1.25"], ["12345678901234567890.123456789012345678"], ["0.5", None]])
@example([["99999999999999999999"], ["0.000000000000000001"], []])
@example([["99999999999999999999.999999999999999999"], ["-99999999999999999999.99"]])
def test_pages_with_different_decimal_types_are_read_together_exactly(tmp_path_factory, pages):
    directory = tmp_path_factory.mktemp("pages")
    widest, expected = MONEY, []
    for place, texts in enumerate(pages):
        page = cast(texts, MONEY)
        page.frame.write_parquet(directory / f"accounts-{place:06}.parquet")
        widened = widest.widened(page.columns["value"])
        assert widened is not None
        widest = widened
        expected += [None if text is None or far_exponent(text) else fitting_number(text) for text in texts]
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"""SELECT value::{widest.sql} FROM read_parquet('{directory}/accounts-*.parquet', union_by_name = true,
                filename = true) ORDER BY filename, Id"""
        ).fetchall()
    assert [value for (value,) in rows] == expected
