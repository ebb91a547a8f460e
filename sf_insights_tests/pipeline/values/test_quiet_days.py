"""Days without changes cost no space. `make soak` runs a month of them, in a larger org."""

from datetime import date, timedelta

import duckdb
import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.soak import IS_SOAK

FIELDS = ["Industry", "CreatedDate", "Description", {"field": "ARR__c", "as": "metric"}]
ACCOUNTS, DAYS = (20_000, 31) if IS_SOAK else (8_000, 5)
BLOCK = 1  # the smallest step by which a DuckDB file grows


@pytest.fixture(scope="module")
def running_org(tmp_path_factory):
    with DemoOrg.started(tmp_path_factory.mktemp("quiet"), accounts=ACCOUNTS) as org:
        yield org


@pytest.mark.slow
def test_nothing_grows_on_days_without_changes(org, sync):
    held, sizes = [], []
    for number in range(DAYS):
        run = sync(day=str(date(2026, 3, 1) + timedelta(days=number)), fields=FIELDS)
        held.append(_blocks_in_use(sync.warehouse))
        sizes.append(sync.warehouse.stat().st_size)
    # The second and third day need working space and tables of the previous state, which every later day reuses.
    assert held[1] <= held[0] + 3 * BLOCK
    assert held[2] <= held[1] + BLOCK
    assert max(held[2:]) <= held[2] * 1.02
    assert max(sizes[4:]) <= max(sizes[:4])
    assert run.rows("SELECT count(*) FROM insights.attribute_changes") == [(0,)]
    assert run.rows("SELECT count(*) FROM insights.metric_history WHERE valid_from > DATE '2026-03-01'") == [(0,)]


def _blocks_in_use(path):
    with duckdb.connect(str(path), read_only=True) as connection:
        [(total, free)] = connection.execute("SELECT total_blocks, free_blocks FROM pragma_database_size()").fetchall()
    return total - free
