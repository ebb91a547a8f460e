"""The query job of a failed or killed sync: the next sync has current data and shows when it was read."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from sf_insights.cli import main
from sf_insights_tests.pipeline.reading.test_reading import (
    FIELDS,
    JOBS,
    RESULTS,
    error,
    killed_in_the_middle_of_the_download,
)
from sf_insights_tests.pipeline.truth import Truth
from sf_insights_tests.soak import some

QUOTA = {"action": "status", "status": 403, "body": error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")}


def read_at(sync):
    """Return when the accounts of the last sync were read from Salesforce."""
    return sync.read_warehouse("SELECT salesforce_read_at FROM ops.sync_runs ORDER BY sync DESC LIMIT 1")[0][0]


@pytest.mark.parametrize("removal", some(["is refused", "works"], 1))
def test_the_job_of_a_failed_sync_is_not_reused(org, sync, removal):
    sync.first_day(fields=FIELDS)
    (zuora_id, changed), (_, deleted) = list(Truth(org).matches().items())[:2]
    org.configure(page_records=50)
    org.fault(path=RESULTS, times=None, skip=3, **QUOTA)
    if removal == "is refused":
        for method in ("DELETE", "PATCH"):
            org.fault(path=JOBS, method=method, times=None, **QUOTA)
    assert "API calls of the last 24 hours are used up" in sync.fails(day="2026-03-02").reason
    org.clear_faults()
    org.update_account(changed, Industry="Energy")
    org.delete_account(deleted)
    before = datetime.now(UTC)
    run = sync(day="2026-03-02")
    assert run.attributes("Industry") == Truth(org).attribute("Industry")
    assert run.attributes("Industry")[zuora_id] == "Energy"
    assert run.rows("SELECT match_status FROM insights.matched_accounts WHERE crm_account_id = ?", [deleted]) == [
        ("deleted",)
    ]
    assert read_at(sync) >= before


@pytest.mark.parametrize(("age", "is_taken_up"), some([(50, True), (70, False), (-10, False)], 2))
def test_the_recent_job_of_a_killed_sync_is_reused(org, sync, monkeypatch, age, is_taken_up):
    sync.configure(fields=FIELDS)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-01")
    job = killed_in_the_middle_of_the_download(org, sync)
    note = sync.data / "landing" / "job.json"
    content = json.loads(note.read_text(encoding="utf-8"))
    asked_at = datetime.now(UTC) - timedelta(minutes=age)
    note.write_text(json.dumps(content | {"asked_at": asked_at.isoformat()}), encoding="utf-8")
    sync(day="2026-03-01")
    created = [call for call in org.requests() if call["method"] == "POST" and call["path"].endswith(JOBS)]
    assert bool(created) is not is_taken_up
    assert (read_at(sync) == asked_at) is is_taken_up
    removed = [call["path"] for call in org.requests() if call["method"] == "DELETE"]
    assert removed[0].endswith(job)
    assert not note.exists()
    said = CliRunner().invoke(main, ["status"]).stdout
    assert (f"values read at {asked_at:%H:%M} UTC" in " ".join(said.split())) is is_taken_up
    assert sync.look().rows("SELECT salesforce_read_at FROM insights.snapshot") == [(read_at(sync),)]
