from datetime import UTC, datetime, timedelta

import pytest

from sf_insights.domain.wording import are_missing, counted, since

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=26), "26 hours ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(seconds=-20), "in less than a minute"),
        (timedelta(hours=-5, minutes=-59), "in 5 hours"),
        (timedelta(days=-3), "in 3 days"),
    ],
)
def test_a_time_is_described_relative_to_now(ago, words):
    assert since(NOW - ago, NOW) == words


def test_a_count_uses_singular_or_plural():
    assert [counted(count, "account") for count in (0, 1, 1_500)] == ["0 accounts", "1 account", "1,500 accounts"]
    assert counted(2, "entry", "entries") == "2 entries"


def test_missing_names_are_listed_with_commas():
    assert are_missing(["A"]) == "A is missing"
    assert are_missing(["A", "B"]) == "A and B are missing"
    assert are_missing(["A", "B", "C"]) == "A, B and C are missing"
