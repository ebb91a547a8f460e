from datetime import timedelta

import pytest

from sf_insights.domain.configuration import parse_configuration, retry_duration
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.syncs.durations import duration


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("45m", timedelta(minutes=45)),
        ("2h", timedelta(hours=2)),
        ("1.5d", timedelta(hours=36)),
        ("0s", timedelta(0)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text, length):
    assert duration(text) == length


@pytest.mark.parametrize("text", ["", "2", "h", "2 h", "2H", "-2h", "2h30m", "1e3s", "nan s", "9999999d", "٢h", "2h\n"])
def test_any_other_text_is_refused(text):
    with pytest.raises(ValueError, match="is not a duration"):
        duration(text)


def test_retry_for_defaults_to_two_hours():
    assert retry_duration(parse_configuration({"fields": ["Industry"]}).retry_for) == timedelta(hours=2)
    said = parse_configuration({"fields": ["Industry"], "retry_for": "45m"})
    assert retry_duration(said.retry_for) == timedelta(minutes=45)


@pytest.mark.parametrize("value", [2, True, None, "two hours", "2", "4h", ["2h"]])
def test_an_invalid_retry_for_says_what_to_write(value):
    with pytest.raises(ConfigurationProblem) as problem:
        parse_configuration({"fields": ["Industry"], "retry_for": value})
    assert str(problem.value) == "retry_for: must be a duration such as 90s, 45m or 2h, and at most 3h."
