"""Faults of the network and of Salesforce: today's correct data, or yesterday's data and a clear reason."""

import json
import signal
from typing import Any

import pytest

from sf_insights_tests.forked import forked
from sf_insights_tests.pipeline.truth import Truth
from sf_insights_tests.soak import IS_SOAK, some
from sf_insights_tests.waiting import wait_for

FIELDS = ["Industry", "Rating", {"field": "ARR__c", "as": "metric"}]
RESULTS = "/results"
JOBS = "/jobs/query"
HTML = "<html><body><h1>Server Too Busy</h1></body></html>"


def error(code, message):
    return [{"errorCode": code, "message": message}]


# Temporary or harmless faults: the sync succeeds with correct data.
SURVIVED = {
    "503 on a result page": {"action": "status", "path": RESULTS, "status": 503, "body": HTML},
    "502 with HTML while polling": {"action": "status", "path": JOBS, "method": "GET", "status": 502, "body": HTML},
    "500 UNKNOWN_EXCEPTION on describe": {
        "action": "status",
        "path": "/describe",
        "status": 500,
        "body": error("UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId"),
    },
    "SERVER_UNAVAILABLE": {
        "action": "status",
        "path": RESULTS,
        "status": 503,
        "body": error("SERVER_UNAVAILABLE", "Server too busy"),
    },
    "406": {"action": "status", "path": RESULTS, "status": 406, "body": ""},
    "420": {"action": "status", "path": RESULTS, "status": 420, "body": ""},
    "429 with Retry-After": {
        "action": "status",
        "path": RESULTS,
        "status": 429,
        "body": "",
        "headers": {"Retry-After": "1"},
    },
    "too many concurrent requests": {
        "action": "status",
        "path": RESULTS,
        "status": 403,
        "body": error("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
    },
    "a locked row": {
        "action": "status",
        "path": RESULTS,
        "status": 400,
        "body": error("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
    },
    "a query that fails for the moment": {"action": "job_failed", "message": "InternalServerError : Unknown"},
    "expired session": {
        "action": "status",
        "path": RESULTS,
        "status": 401,
        "body": error("INVALID_SESSION_ID", "Session expired or invalid"),
    },
    "connection closed before the answer": {"action": "drop_before", "path": RESULTS},
    "connection closed in the middle of a page": {"action": "drop_body", "path": RESULTS},
    "page torn in the middle": {"action": "truncate", "path": RESULTS},
    "page cut at a line end": {"action": "truncate", "path": RESULTS, "line_end": True},
    "gzip stream cut": {"action": "gzip_cut", "path": RESULTS},
    "empty page": {"action": "empty_body", "path": RESULTS},
    "page without a record count": {"action": "headers", "path": RESULTS, "omit": ["Sforce-NumberOfRecords"]},
    "wrong record count": {"action": "headers", "path": RESULTS, "set": {"Sforce-NumberOfRecords": "7"}},
    "columns in another order": {"action": "permute_columns", "path": RESULTS},
    "Zuora's 429": {
        "action": "status",
        "path": "/v1/action/query",
        "status": 429,
        "body": "",
        "headers": {"RateLimit-Reset": "1"},
    },
    "Zuora's expired token": {"action": "status", "path": "/v1/action/query", "status": 401, "body": ""},
}


# Each fault meets requests of its own, so that many fit into one sync; `make soak` has a sync for each.
TOGETHER = (
    {name: [name] for name in SURVIVED}
    if IS_SOAK
    else {
        "answers with an error": [name for name, fault in SURVIVED.items() if fault["action"] == "status"],
        "answers that are cut or odd": [name for name, fault in SURVIVED.items() if fault["action"] != "status"],
    }
)


@pytest.mark.parametrize("faults", TOGETHER)
def test_a_fault_that_passes_leaves_the_right_data(org, sync, faults):
    org.configure(page_records=20)
    of_pages = [SURVIVED[name] for name in TOGETHER[faults] if SURVIVED[name].get("path") == RESULTS]
    for number, fault in enumerate(of_pages):
        org.fault(**fault, skip=number)
    for fault in [SURVIVED[name] for name in TOGETHER[faults] if SURVIVED[name] not in of_pages]:
        org.fault(**fault)
    run = sync(day="2026-03-01", fields=FIELDS)
    # Faults of one kind count no request that another one has.
    assert len([call for call in org.requests() if call["path"].endswith(RESULTS)]) > 2 * len(of_pages)
    truth = Truth(org)
    assert run.attributes("Industry") == truth.attribute("Industry")
    assert run.metric("ARR__c", "2026-03-01") == truth.metric("ARR__c")


# Lasting faults: nothing is published, and the reason has these words.
REFUSED: dict[str, tuple[dict[str, Any] | list[dict[str, Any]], list[str]]] = {
    "a page that is always cut at a line end": (
        {"action": "truncate", "path": RESULTS, "line_end": True, "skip": 1},
        ["records", "announced"],
    ),
    "a page that is cut at a line end, and no record count": (
        [
            {"action": "headers", "path": RESULTS, "omit": ["Sforce-NumberOfRecords"]},
            {"action": "truncate", "path": RESULTS, "line_end": True, "times": 1},
        ],
        ["records", "announced"],
    ),
    "a record that comes on two pages": (
        {"action": "duplicate_row", "path": RESULTS, "times": 1, "skip": 1},
        ["twice"],
    ),
    "a failed job": (
        {"action": "job_failed", "message": "InvalidBatch : Failed to process query: QUERY_TIMEOUT: too long"},
        ["QUERY_TIMEOUT", "formula"],
    ),
    "a job that Salesforce gave up": (
        {"action": "job_failed", "message": "Failed to process query: retried more than 15 times"},
        ["retried more than 15 times", "formula"],
    ),
    "an aborted job": ({"action": "job_aborted"}, ["aborted"]),
    "a row that stays locked": (
        {
            "action": "status",
            "path": RESULTS,
            "status": 400,
            "body": error("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
        },
        ["UNABLE_TO_LOCK_ROW", "tries: ", "changing the same records"],
    ),
    "the day's calls used up": (
        {
            "action": "status",
            "path": RESULTS,
            "status": 403,
            "body": error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        },
        ["Stopped for quota"],
    ),
    "no API in this edition": (
        {
            "action": "status",
            "path": "/describe",
            "status": 403,
            "body": error("API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner"),
        },
        ["API_DISABLED_FOR_ORG", "API Enabled"],
    ),
    "the API switched off for now": (
        {
            "action": "status",
            "path": "/describe",
            "status": 403,
            "body": error("API_CURRENTLY_DISABLED", "API is disabled for this User"),
        },
        ["API_CURRENTLY_DISABLED", "API Enabled"],
    ),
    "a user without rights on Account": (
        {
            "action": "status",
            "path": JOBS,
            "status": 403,
            "body": error("INSUFFICIENT_ACCESS", "insufficient access rights on cross-reference id"),
        },
        ["INSUFFICIENT_ACCESS", "View All on Account"],
    ),
    "a refused login": (
        {
            "action": "status",
            "path": "/services/oauth2/token",
            "status": 400,
            "body": {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"},
        },
        ["invalid_grant", "Pre-authorize"],
    ),
    "no access to Account": (
        {
            "action": "status",
            "path": JOBS,
            "status": 400,
            "body": error("INVALID_TYPE", "sObject type 'Account' is not supported."),
        },
        ["INVALID_TYPE", "View All on Account"],
    ),
    "a security policy": (
        {
            "action": "status",
            "path": JOBS,
            "status": 403,
            "body": error("TXN_SECURITY_METERING_ERROR", "metering"),
        },
        ["TXN_SECURITY_METERING_ERROR", "policy"],
    ),
    "a session that stays refused": (
        {
            "action": "status",
            "path": RESULTS,
            "status": 401,
            "body": error("INVALID_SESSION_ID", "Session expired or invalid"),
        },
        ["session"],
    ),
    "another API version for the result": (
        {"action": "status", "path": RESULTS, "status": 409, "body": ""},
        ["API version"],
    ),
    "Zuora's refusal with status 200": (
        {
            "action": "status",
            "path": "/v1/action/query",
            "status": 200,
            "body": {"success": False, "reasons": [{"code": 50000021, "message": "no permission to read Account"}]},
        },
        ["no permission to read Account"],
    ),
    "an empty list from Zuora": (
        {
            "action": "status",
            "path": "/v1/action/query",
            "status": 200,
            "body": {"size": 0, "done": True, "records": []},
        },
        ["Zuora"],
    ),
}


# Syncs that fail one after another; `make soak` has a complete sync after each.
IN_TURN = [[name] for name in REFUSED] if IS_SOAK else [list(REFUSED)[part::3] for part in range(3)]


@pytest.mark.parametrize("names", IN_TURN, ids=lambda names: f"{names[0]}, and {len(names) - 1} more")
def test_a_fault_that_stays_leaves_yesterdays_data_and_says_why(org, sync, names):
    sync.first_day(fields=FIELDS)
    before = sync.snapshot.read_bytes()
    org.pass_day()
    for name in names:
        org.configure(page_records=100)
        faults, words = REFUSED[name]
        for details in faults if isinstance(faults, list) else [faults]:
            org.fault(**({"times": None} | details))
        run = sync.fails(day="2026-03-02", retry_for="2s")
        for word in words:
            assert word.casefold() in run.reason.casefold(), name
        assert "SELECT" not in run.reason
        assert sync.snapshot.read_bytes() == before, name
        org.clear_faults()
    sync(day="2026-03-02")


def test_a_refused_bulk_api_falls_back_to_rest_with_the_same_result(org, sync):
    by_bulk = sync.first_day(fields=FIELDS)
    values = (by_bulk.attributes("Industry"), by_bulk.metric("ARR__c", "2026-03-01"))
    refusal = error("FEATURENOTENABLED", "Async API not enabled")
    org.fault("status", path=JOBS, status=400, body=refusal, times=None)
    by_rest = sync(day="2026-03-01")
    assert (by_rest.attributes("Industry"), by_rest.metric("ARR__c", "2026-03-01")) == values
    [(read_by, reason)] = by_rest.rows("SELECT read_by, downgrade_reason FROM ops.sync_runs ORDER BY sync DESC LIMIT 1")
    assert read_by == "rest"
    assert "Async API not enabled" in reason

    # A locator is lost with the session that opened it, so the reading starts again.
    org.configure(batch_records=200)
    org.fault("status", path="/query/01g", status=401, body=error("INVALID_SESSION_ID", "Session expired or invalid"))
    again = sync(day="2026-03-01")
    assert [call["status"] for call in org.requests() if "/query/01g" in call["path"]][:2] == [401, 400]
    assert (again.attributes("Industry"), again.metric("ARR__c", "2026-03-01")) == values


def test_a_sync_does_not_start_when_the_quota_is_nearly_used_up(org, sync):
    org.configure(quota_used=80_500)
    org.clear_requests()
    run = sync.fails(day="2026-03-01", fields=FIELDS)
    assert run.reason.startswith("Stopped for quota: 80,5")
    assert not [call for call in org.requests() if JOBS in call["path"]]


def test_only_the_field_that_vanishes_during_the_query_is_paused(org, sync):
    kept = sync.first_day(fields=FIELDS).attributes("Rating")
    org.fault("hide_field", field="Rating")
    run = sync(day="2026-03-02")
    assert run.field("Rating").status == "paused"
    assert "no longer visible" in run.field("Rating").status_reason
    assert run.attributes("Rating") == kept
    assert run.attributes("Industry") == Truth(org).attribute("Industry")


@pytest.mark.parametrize("ending", ["success", "failure"])
def test_no_job_is_left_in_salesforce(org, sync, ending):
    if ending == "failure":
        org.fault("truncate", path=RESULTS, line_end=True, times=None)
    run = sync if ending == "success" else sync.fails
    run(day="2026-03-01", fields=FIELDS)
    created = [call for call in org.requests() if call["method"] == "POST" and call["path"].endswith(JOBS)]
    removed = [call for call in org.requests() if call["method"] == "DELETE" and JOBS in call["path"]]
    assert len(created) == len(removed) == 1


SYNC = "import sys; from sf_insights.runs import run_sync; sys.exit(not run_sync().success)"


def killed_in_the_middle_of_the_download(org, sync):
    """Start a sync in its own process and kill it after some pages are on disk."""
    org.configure(page_records=50)
    org.fault("latency", path=RESULTS, seconds=60, times=None, skip=4)
    landing = sync.data / "landing"
    with forked(SYNC) as process:

        def has_landed():
            assert process.ended(0) is None
            # The directory is emptied before the job note is written to it.
            return (landing / "job.json").exists() and len(list(landing.glob("accounts-*.json"))) >= 3

        wait_for("the sync to land pages", has_landed)
    org.clear_faults()
    org.configure(page_records=50)
    job = json.loads((landing / "job.json").read_text(encoding="utf-8"))["job_id"]
    org.clear_requests()
    return job


def test_a_killed_sync_resumes_its_job_and_fetches_only_missing_pages(org, sync, monkeypatch):
    sync.configure(fields=FIELDS)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-01")
    job = killed_in_the_middle_of_the_download(org, sync)
    run = sync(day="2026-03-01")
    calls = org.requests()
    assert not [call for call in calls if call["method"] == "POST" and call["path"].endswith(JOBS)]
    pages = [call for call in calls if call["path"].endswith(RESULTS)]
    assert pages
    assert len(pages) <= 4
    assert all(job in call["path"] for call in pages)
    assert run.attributes("Industry") == Truth(org).attribute("Industry")
    assert run.rows("SELECT count(*) FROM salesforce.raw_accounts") == [(len(Truth(org).accounts),)]
    states = sync.read_warehouse("SELECT state, reason FROM ops.sync_runs ORDER BY sync")
    assert states == [("failed", "The process ended before the sync was complete."), ("complete", None)]


def test_a_new_label_keeps_the_pages_of_a_killed_sync(org, sync, monkeypatch):
    sync.first_day(fields=FIELDS)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-02")
    killed_in_the_middle_of_the_download(org, sync)
    sync.relabel(fields=[{"field": "Industry", "label": "Branch"}, *FIELDS[1:]])
    org.clear_requests()
    sync(day="2026-03-02")
    calls = org.requests()
    assert not [call for call in calls if call["method"] == "POST" and call["path"].endswith(JOBS)]
    assert len([call for call in calls if call["path"].endswith(RESULTS)]) <= 4


def test_the_job_of_a_killed_sync_is_deleted_when_another_query_is_needed(org, sync, monkeypatch):
    sync.configure(fields=FIELDS)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-01")
    job = killed_in_the_middle_of_the_download(org, sync)
    run = sync(day="2026-03-01", fields=[*FIELDS, "Type"])
    removed = [call["path"] for call in org.requests() if call["method"] == "DELETE"]
    assert len(removed) == 2
    assert removed[0].endswith(job)
    assert run.rows("SELECT count(*) FROM salesforce.raw_accounts") == [(len(Truth(org).accounts),)]


@pytest.mark.kept_log
@pytest.mark.parametrize("number", some([signal.SIGTERM, signal.SIGINT], 1))
def test_a_cancelled_sync_aborts_its_job_and_leaves_nothing_half_published(org, sync, monkeypatch, number):
    sync.configure(fields=FIELDS)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-01")
    org.fault("job_stuck")
    with forked(SYNC) as process:

        def questions():
            assert process.ended(0) is None
            return [call for call in org.requests() if call["method"] == "GET" and JOBS + "/" in call["path"]]

        wait_for("the sync to ask for its job", questions)
        process.signal(number)
        assert process.ended(30) == 1
    assert [call for call in org.requests() if call["method"] == "PATCH" and JOBS in call["path"]]
    assert not sync.snapshot.exists()
    [(state,)] = sync.read_warehouse("SELECT state FROM ops.sync_runs")
    assert state == "failed"
    sync(day="2026-03-01")


def test_a_million_accounts_in_twenty_pages_cost_at_most_forty_calls(org, sync):
    org.configure(page_records=16)
    org.clear_requests()
    sync(day="2026-03-01", fields=FIELDS)
    calls = [call for call in org.requests() if call["path"].startswith("/services/data/v")]
    assert len([call for call in calls if call["path"].endswith(RESULTS)]) == 20
    assert len(calls) <= 40
