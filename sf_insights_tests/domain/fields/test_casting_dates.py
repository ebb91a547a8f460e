"""Cast text to dates and times: each cell is exact or reported."""

from datetime import UTC, date, datetime, time, timedelta

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from sf_insights.domain.fields.field_types import ColumnType
from sf_insights_tests.domain.fields.casting_cells import (
    assert_exact_or_reported,
    noise,
)


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
