from datetime import UTC, datetime, timedelta

import pytest

from sf_insights.domain.outbound.guards import Amounts, check_age, check_amounts, check_quota
from sf_insights.domain.outbound.settings import OutboundGuards
from sf_insights.domain.problems import GuardRefusal

GUARDS = OutboundGuards()
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def amounts(**values):
    return Amounts(**{"managed": 1000, "changed": 0, "cleared": 0, "left": 0, "calls": 0, **values})


@pytest.mark.parametrize(
    ("name", "at_the_limit", "above"), [("changed", 200, 201), ("cleared", 50, 51), ("source", 200, 201)]
)
def test_a_guard_refuses_what_is_above_its_share(name, at_the_limit, above):
    key = "left" if name == "source" else name
    check_amounts(GUARDS, 0.2, amounts(**{key: at_the_limit}), ())
    with pytest.raises(GuardRefusal, match=f"{above} of 1000"):
        check_amounts(GUARDS, 0.2, amounts(**{key: above}), ())
    check_amounts(GUARDS, 0.2, amounts(**{key: above}), (name,))


def test_up_to_fifty_records_may_all_change():
    check_amounts(GUARDS, 0.2, amounts(managed=50, changed=50, cleared=50), ())
    with pytest.raises(GuardRefusal):
        check_amounts(GUARDS, 0.2, amounts(managed=51, changed=51), ())


def test_an_old_snapshot_is_refused():
    check_age(GUARDS, NOW - timedelta(hours=30), NOW, ())
    with pytest.raises(GuardRefusal, match="31 hours old"):
        check_age(GUARDS, NOW - timedelta(hours=31), NOW, ())
    check_age(GUARDS, NOW - timedelta(hours=31), NOW, ("age",))


def test_a_fifth_of_the_calls_stays_free():
    check_quota((70_000, 100_000), 10_000, ())
    check_quota(None, 10_000, ())
    with pytest.raises(GuardRefusal, match="80000 of its 100000"):
        check_quota((80_000, 100_000), 1, ())
