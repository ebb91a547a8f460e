from datetime import date

import pytest

from sf_insights.domain.accounts.periods import Change, Period, periods, summary

FIRST, SECOND, THIRD = date(2026, 3, 1), date(2026, 3, 4), date(2026, 3, 9)


def test_a_value_that_never_changed_may_be_older_than_the_first_sync():
    assert periods("Hot", [], FIRST) == [Period("Hot", FIRST, is_older=True)]


def test_each_change_ends_the_value_before():
    changes = [Change(SECOND, "Cold", "Warm", "value_changed"), Change(THIRD, "Warm", "Hot", "value_changed")]
    assert periods("Hot", changes, FIRST) == [
        Period("Hot", THIRD),
        Period("Warm", SECOND, THIRD),
        Period("Cold", FIRST, SECOND, is_older=True),
    ]


def test_a_first_match_has_no_value_before():
    assert periods("Hot", [Change(SECOND, None, "Hot", "first_match")], FIRST) == [Period("Hot", SECOND)]


def test_an_emptied_value_is_a_value():
    found = periods(None, [Change(SECOND, "Cold", None, "value_changed")], FIRST)
    assert [period.value for period in found] == [None, "Cold"]


@pytest.mark.parametrize(
    ("values", "figures"), [([3.0], (3, 3, 3)), ([1.0, 9.0, 2.0], (1, 2, 9)), ([1.0, 2.0], (1, 1.5, 2))]
)
def test_figures_of_a_metric(values, figures):
    found = summary(values)
    assert (found.least, found.median, found.most) == figures
