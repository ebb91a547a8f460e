"""How a backfill reads AccountHistory, and what a stop in the middle leaves."""

import signal

import dagster as dg
import pytest

from sf_insights.definitions import defs
from sf_insights_tests.forked import forked
from sf_insights_tests.pipeline.history.conftest import DAILY_AT
from sf_insights_tests.pipeline.history.test_afterwards import held

BACKFILL = """
import sys
from sf_insights.runs import run_backfill
outcome = run_backfill(on_news=lambda news: print(news.step, news.kind, flush=True))
sys.exit(not outcome.success)
"""


@pytest.fixture
def synced(org, sync):
    sync.first_day(daily_at=DAILY_AT, fields=["Industry", {"field": "AnnualRevenue", "as": "metric"}])
    return sync


@pytest.mark.kept_log
def test_the_rest_api_gives_the_same_history(org, synced):
    synced.backfill()
    by_bulk = held(synced)
    org.fault(
        "status",
        path="/jobs/query",
        status=400,
        body=[{"errorCode": "FEATURENOTENABLED", "message": "Async API not enabled"}],
        times=None,
    )
    synced.backfill()
    assert held(synced) == by_bulk
    assert any(call["path"].endswith("/queryAll") for call in org.requests())
    with dg.DagsterInstance.get() as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["salesforce", "account_history"]))
    assert event and event.asset_materialization
    assert event.asset_materialization.metadata["read_by"].value == "rest"


def test_a_run_that_materializes_everything_reads_no_history(org, synced):
    org.clear_requests()
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance)
    assert result.success
    made = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events() if event.asset_key}
    assert "insights/published_snapshot" in made
    assert not {key for key in made if key.endswith("_history")}
    jobs = [call for call in org.requests() if call["method"] == "POST" and call["path"].endswith("/jobs/query")]
    assert len(jobs) == 1


def test_a_page_that_lacks_a_row_changes_nothing(org, synced):
    before = held(synced)
    org.configure(page_records=20)
    org.fault("duplicate_row", path="/results", times=None)
    run = synced.run_backfill()
    assert not run.success
    assert "records of AccountHistory twice" in str(run.reason)
    assert held(synced) == before


@pytest.mark.kept_log
@pytest.mark.parametrize("step", ["salesforce__account_history", "insights__account_history"])
def test_a_kill_in_the_middle_leaves_what_was_there(org, synced, step):
    before, published = held(synced), synced.snapshot.read_bytes()
    with forked(BACKFILL) as process:
        for line in process.output:
            if line == f"{step} began\n":
                break
        process.signal(signal.SIGKILL)
        assert process.ended() == -signal.SIGKILL
    assert held(synced) == before
    assert synced.snapshot.read_bytes() == published
    synced.backfill()
    assert held(synced)["ops.history_gaps"]
    assert not list(synced.data.glob("history_landing/*"))
