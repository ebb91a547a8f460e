"""Long outages: a run waits them out within `retry_for`, loses nothing, and says how long it tried."""

import re

import pytest

from sf_insights.dagster_instance.run_news import News
from sf_insights.dagster_resources import retrying
from sf_insights_tests.pipeline.reading.test_reading import FIELDS, HTML, JOBS, RESULTS, error
from sf_insights_tests.pipeline.truth import Truth
from sf_insights_tests.shown_times import MOMENT

LOGIN = "/services/oauth2/token"
DOWN = {"action": "status", "status": 503, "body": error("SERVER_UNAVAILABLE", "Server too busy")}
MAINTENANCE = "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE"
TRIES = 12  # more tries than would fit into a few seconds


@pytest.fixture(autouse=True)
def short_waits(sync, monkeypatch):
    """Shorten the waits between tries, so that a test sees many; `retry_for` stays unchanged."""
    monkeypatch.setattr(retrying, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(retrying, "LONGEST_WAIT", 0.1)


def created(org):
    return [call for call in org.requests() if call["method"] == "POST" and call["path"].endswith(JOBS)]


def down(path, status=503, body=DOWN["body"], **details):
    return {"action": "status", "path": path, "status": status, "body": body, **details}


BUSY = {"success": False, "reasons": [{"code": 50000040, "message": "Rate limit exceeded"}]}
# Every request of a sync has its own outage, all in one run.
OUTAGES = {
    "by status": [
        down(LOGIN),
        down("/describe"),
        down(JOBS, 502, HTML, method="POST"),  # the query may have been created
        down(JOBS + "/", method="GET"),
        down(RESULTS, skip=1),
        down("/oauth/token", 500),
        down("/v1/action/query"),
    ],
    "in words": [
        down(LOGIN, 400, {"error": "unknown_error", "error_description": "retry your request"}),
        down("/describe", 400, error("API_CURRENTLY_DISABLED", "API functionality is temporarily unavailable")),
        down(JOBS, 400, error(MAINTENANCE, ""), method="POST"),
        down(JOBS + "/", 403, error("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."), method="GET"),
        down(RESULTS, 400, error("REQUEST_RUNNING_TOO_LONG", "stopped")),
        down("/oauth/token", 400, {"error": "temporarily_unavailable"}),
        down("/v1/action/query", 200, BUSY),
    ],
}


@pytest.mark.parametrize("outages", OUTAGES)
def test_a_sync_waits_out_an_outage(org, sync, outages):
    org.configure(page_records=100)
    for outage in OUTAGES[outages]:
        org.fault(**outage | {"times": TRIES})
    run = sync(day="2026-03-01", fields=FIELDS, retry_for="2m")
    assert run.attributes("Industry") == Truth(org).attribute("Industry")
    assert len([call for call in created(org) if call["status"] == 200]) == 1
    assert sync.read_warehouse("SELECT state FROM ops.sync_runs") == [("complete",)]


def test_an_outage_longer_than_retry_for_fails_the_run_with_the_time_tried_and_the_last_error(org, sync):
    sync.first_day(fields=FIELDS)
    before = sync.snapshot.read_bytes()
    gone = "An unexpected error occurred. Please include this ErrorId if you contact support: 178-99 (-1234)"
    org.fault("status", path="/describe", status=500, body=error("UNKNOWN_EXCEPTION", gone), times=None)
    run = sync.fails(day="2026-03-02", retry_for="1s")
    assert "127.0.0.1 answered 500 (UNKNOWN_EXCEPTION: An unexpected error occurred." in run.reason
    assert "178-99" in run.reason
    [(tries, seconds)] = re.findall(r"\(tries: (\d+) in (\d+) s\)", run.reason)
    assert int(tries) > 5
    assert int(seconds) < 30
    assert sync.snapshot.read_bytes() == before


def test_pages_read_before_an_outage_are_not_fetched_again(org, sync):
    org.configure(page_records=50)
    org.fault(**DOWN | {"path": RESULTS, "skip": 3, "times": TRIES})
    sync(day="2026-03-01", fields=FIELDS, retry_for="60s")
    pages = [call for call in org.requests() if call["path"].endswith(RESULTS)]
    assert len(created(org)) == 1
    assert len([call for call in pages if call["status"] == 503]) == TRIES
    assert (
        len([call for call in pages if call["status"] == 200]) == len({call["path"] for call in pages})
        or len([call for call in pages if call["status"] == 200]) == 7
    )


def test_a_session_that_expires_during_a_download_is_renewed_even_if_the_login_is_down(org, sync):
    org.configure(page_records=50)
    expired = error("INVALID_SESSION_ID", "Session expired or invalid")
    org.fault("status", path=RESULTS, status=401, body=expired, skip=2)
    busy = {"error": "unknown_error", "error_description": "retry your request"}
    org.fault("status", path=LOGIN, status=400, body=busy, skip=1, times=4)
    run = sync(day="2026-03-01", fields=FIELDS, retry_for="60s")
    assert len(created(org)) == 1
    assert run.attributes("Industry") == Truth(org).attribute("Industry")


def test_the_log_shows_the_start_and_end_of_a_wait(org, sync):
    sync.configure(fields=FIELDS, retry_for="60s")
    org.fault(**DOWN | {"path": "/describe", "times": 3})
    news: list[News] = []
    assert sync.run("2026-03-01", on_news=news.append).success
    told = [entry for entry in news if entry.step == "salesforce__account_fields" and entry.kind in ("warned", "said")]
    warned = [entry.text for entry in told if entry.kind == "warned"]
    assert len(warned) == 1
    expected = rf"waiting since {MOMENT}, trying until {MOMENT}: 127\.0\.0\.1 answered 503 \(SERVER_UNAVAILABLE: Server"
    assert re.match(expected, warned[0])
    assert any("waiting no more" in entry.text for entry in told)
