"""Changes from before the first filled day are part of its values, and are on no later day."""

from functools import partial

import pytest

from sf_insights_tests.pipeline.history.conftest import day
from sf_insights_tests.pipeline.history.test_afterwards import held
from sf_insights_tests.pipeline.history.test_missed_days import FIELDS, changes, points, values

SINCE = "2026-02-10"
BEFORE = "2026-01-10"  # comparing every point of two years takes long


@pytest.fixture
def full_and_part(org, warehouses):
    """Two warehouses of one org: one filled as far back as possible, and one from SINCE on."""
    org.pass_day()
    full, part = warehouses("full"), warehouses("part")
    for warehouse, since in ((full, None), (part, SINCE)):
        warehouse.configure(fields=FIELDS)
        warehouse.use().once(day(1), f"filled since {since}", partial(warehouse.backfill, since=since))
    return full, part


def test_a_later_first_day_gives_the_same_values_from_that_day_on(full_and_part):
    full, part = (warehouse.look() for warehouse in full_and_part)
    for of in (points, values, changes):
        found = of(part, SINCE)
        assert found == of(full, SINCE)
        assert len({on for _, _, on in found}) > 5


def test_filling_the_rest_later_gives_the_same_tables(full_and_part):
    full, part = full_and_part
    part.backfill()
    assert held(part) == held(full)


def test_filling_the_last_days_again_leaves_the_same_values(full_and_part):
    full, _ = full_and_part
    before = [of(full.look(), BEFORE) for of in (points, values, changes)]
    full.use().backfill(since=SINCE)
    assert [of(full.look(), BEFORE) for of in (points, values, changes)] == before
