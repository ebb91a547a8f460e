import pytest

from sf_insights.domain.visibility import hidden_accounts


@pytest.mark.parametrize(
    ("seen", "counted"), [(100, 100), (120, 100), (95, 100), (0, 0), (0, None), (None, 100), (100, None)]
)
def test_a_slightly_outdated_count_gives_no_warning(seen, counted):
    assert hidden_accounts(seen, counted) is None


@pytest.mark.parametrize(("seen", "counted"), [(94, 100), (0, 100)])
def test_a_user_that_sees_far_fewer_accounts_gives_a_warning_with_both_numbers(seen, counted):
    assert hidden_accounts(seen, counted) == f"The integration user sees {seen} of about {counted} Accounts"
