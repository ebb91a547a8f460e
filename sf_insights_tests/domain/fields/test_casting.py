"""Cast text of CSV pages to typed values: each cell is exact or reported."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal, InvalidOperation, Overflow
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sf_insights.domain.fields.casting import CastPage, cast_page
from sf_insights.domain.fields.field_types import ColumnType

MONEY = ColumnType("decimal", 16, 2)
EXACT = Context(prec=2000, Emax=10_000, Emin=-10_000)
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
noise = st.one_of(st.text(max_size=12), st.text("0123456789eE+-. \n\0,_", max_size=12), st.sampled_from(NO_VALUES))
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


def calendar_day(text: str) -> date | None:
    year, month, day = text[:4], text[5:7], text[8:]
    well_formed = len(text) == 10 and text[4] == text[7] == "-" and text.isascii()
    if not well_formed or not (year + month + day).isdigit():
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


plain_dates = st.dates().map(date.isoformat)
odd_dates = st.builds("{:04}-{:02}-{:02}".format, st.integers(0, 9999), st.integers(0, 14), st.integers(0, 33))


@given(st.lists(st.one_of(st.none(), plain_dates, odd_dates, noise), min_size=1))
@example(
    ["1700-01-01", "4000-12-31", "2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29", "0001-01-01", "9999-12-31"]
)
@example(["0000-01-01", "0000-02-29", "2024-04-31", "2024-00-10", "2024-10-00", "2024-13-01", "20240101", "24-01-01"])
@example(
    ["2024-1-1", "2024-01-01T00:00:00.000Z", "2024-01-01\n", " 2024-01-01", "01/02/2024", "-2024-01-01", "٢٠٢٤-01-01"]
)
def test_a_date_is_exact_or_reported(texts):
    assert_exact_or_reported(texts, ColumnType("date"), calendar_day)


def moment(text: str) -> datetime | None:
    """Return the UTC time by ISO 8601: the wall clock minus its offset."""
    day, wall, rest = text[:10], text[11:19], text[19:]
    on = calendar_day(day)
    if on is None or text[10:11] != "T" or not text.isascii():
        return None
    clock = time_of_day(wall)
    if clock is None:
        return None
    fraction = ""
    if rest.startswith("."):
        fraction = rest[1 : 1 + len(rest[1:]) - len(rest[1:].lstrip("0123456789"))]
        rest = rest[1 + len(fraction) :]
        if not 1 <= len(fraction) <= 6:
            return None
    if rest == "Z":
        offset = timedelta()
    else:
        compact = rest[1:].replace(":", "", 1) if rest[3:4] == ":" else rest[1:]
        if rest[:1] not in ("+", "-") or len(compact) != 4 or not compact.isdigit():
            return None
        hours, minutes = int(compact[:2]), int(compact[2:])
        if hours > 23 or minutes > 59:
            return None
        offset = timedelta(hours=hours, minutes=minutes) * (-1 if rest[0] == "-" else 1)
    at = datetime.combine(on, clock, UTC)
    try:
        return at.replace(microsecond=int((fraction or "0").ljust(6, "0"))) - offset
    except OverflowError:
        return None


def time_of_day(text: str) -> time | None:
    text = text.removesuffix("Z")
    wall, point, fraction = text.partition(".")
    if not text.isascii() or len(wall) != 8 or wall[2] != ":" or wall[5] != ":":
        return None
    hours, minutes, seconds = wall[:2], wall[3:5], wall[6:]
    if not (hours.isdigit() and minutes.isdigit() and seconds.isdigit()):
        return None
    if point and not (fraction.isdigit() and len(fraction) <= 6):
        return None
    try:
        return time(int(hours), int(minutes), int(seconds), int(fraction.ljust(6, "0") or 0))
    except ValueError:
        return None


clocks = st.builds("{:02}:{:02}:{:02}".format, st.integers(0, 25), st.integers(0, 61), st.integers(0, 61))
fractions = st.one_of(st.just(""), st.text("0123456789", max_size=8).map(lambda digits: f".{digits}"))
offsets = st.one_of(
    st.sampled_from(["Z", "z", "", "+0000", "-0000", "+00:00", "UTC", " Z", "+5", "+053", "+05:3"]),
    st.builds(
        "{}{:02}{}{:02}".format,
        st.sampled_from("+-"),
        st.integers(0, 30),
        st.sampled_from(["", ":"]),
        st.integers(0, 70),
    ),
)
moments = st.builds(
    "{}{}{}{}{}".format, st.one_of(plain_dates, odd_dates), st.sampled_from("TTTT "), clocks, fractions, offsets
)


@given(st.lists(st.one_of(st.none(), moments, noise), min_size=1))
@example(
    ["2026-03-01T10:00:00.000Z", "2026-03-01T10:00:00.000+0000", "2026-03-01T10:00:00+05:30", "2026-03-01T10:00:00.5Z"]
)
@example(
    ["1700-01-01T00:00:00.000Z", "4000-12-31T23:59:59.999Z", "2026-03-01T10:00:00.123456Z", "2026-03-01T00:30:00-0800"]
)
@example(
    [
        "2026-03-01T10:00:00",
        "2026-03-01 10:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T23:59:60Z",
        "2026-02-29T10:00:00Z",
    ]
)
@example(
    ["0001-01-01T00:00:00+1400", "9999-12-31T23:59:59-1200", "0000-06-01T00:00:00Z", "2026-03-01T10:00:00.1234567Z"]
)
def test_a_timestamp_is_exact_in_utc_or_reported(texts):
    page = assert_exact_or_reported(texts, ColumnType("timestamp"), moment)
    assert page.frame.schema["value"] == pl.Datetime("us", "UTC")


@given(st.lists(st.one_of(st.none(), st.builds("{}{}{}".format, clocks, fractions, st.sampled_from(["", "Z"])), noise)))
@example(
    [
        "00:00:00.000Z",
        "23:59:59.999Z",
        "24:00:00.000Z",
        "23:59:60.000Z",
        "10:00:00.001",
        "10:00:00ZZ",
        "10:00",
        "9:00:00",
    ]
)
def test_a_time_of_day_is_exact_or_reported(texts):
    assert_exact_or_reported(texts, ColumnType("time"), time_of_day)


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
