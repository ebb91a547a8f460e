"""Days on which nothing changes cost nothing."""

from datetime import date, timedelta

import duckdb
import pytest

from sf_insights.demo.process import DemoOrg

FIELDS = ["Industry", "CreatedDate", "Description", {"field": "ARR__c", "as": "metric"}]
BLOCK = 1  # the least by which a DuckDB file can grow


@pytest.fixture(scope="module")
def running_org(tmp_path_factory):
    with DemoOrg.started(tmp_path_factory.mktemp("quiet"), accounts=20_000) as org:
        yield org


def test_what_the_warehouse_holds_does_not_grow_when_nothing_changes(org, sync):
    held = []
    for number in range(11):
        run = sync(day=str(date(2026, 3, 1) + timedelta(days=number)), fields=FIELDS)
        assert run.success, run.reason
        held.append(_blocks_in_use(sync.warehouse))
    assert max(held) <= max(held[0] * 1.02, held[0] + BLOCK)
    assert run.rows("SELECT count(*) FROM insights.attribute_changes") == [(0,)]
    assert run.rows("SELECT count(*) FROM insights.metric_history WHERE valid_from > DATE '2026-03-01'") == [(0,)]


def _blocks_in_use(path):
    with duckdb.connect(str(path), read_only=True) as connection:
        [(total, free)] = connection.execute("SELECT total_blocks, free_blocks FROM pragma_database_size()").fetchall()
    return total - free
