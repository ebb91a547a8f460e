"""Alerts: one line per change of state, and a heartbeat after each publication."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sf_insights_tests.pipeline.truth import Truth


class Receiver(ThreadingHTTPServer):
    """Takes what is sent to it, and answers with `status`."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lines, self.beats, self.status = [], 0, 200

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"

    def taken(self):
        lines, self.lines = self.lines, []
        return lines


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert set(body) == {"text"}
        self.server.lines.append(body["text"])
        self._answer()

    def do_GET(self):
        self.server.beats += 1
        self._answer()

    def _answer(self):
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver(monkeypatch):
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("SF_INSIGHTS_ALERT_URL", f"{server.address}/alert/token-that-nobody-may-see")
        monkeypatch.setenv("SF_INSIGHTS_HEARTBEAT_URL", f"{server.address}/beat")
        yield server
        server.shutdown()
        thread.join()


def test_each_change_of_state_is_told_once(org, sync, receiver):
    sync(day="2026-03-01", fields=["Industry", "Rating"])
    [line] = receiver.taken()
    assert line.startswith("sf_insights: New fields are visible")
    assert 'Industry as "Sssf Industry"' in line
    sync(day="2026-03-02")
    assert receiver.taken() == []
    assert receiver.beats == 2

    org.fault("job_failed", message="InvalidBatch : QUERY_TIMEOUT: too long", times=None)
    failed = sync.fails(day="2026-03-03")
    assert receiver.taken() == [f"sf_insights: The sync failed: {failed.reason}"]
    sync.fails(day="2026-03-03")
    assert receiver.taken() == []
    org.clear_faults()
    sync(day="2026-03-03")
    assert receiver.taken() == ["sf_insights: Recovered: the sync of 2026-03-03 is published."]

    org.hide_field("Rating")
    sync(day="2026-03-04")
    [line] = receiver.taken()
    assert line.startswith("sf_insights: Rating is paused")
    sync(day="2026-03-05")
    assert receiver.taken() == []
    org.show_field("Rating")
    sync(day="2026-03-06")
    assert receiver.taken() == ["sf_insights: Rating is synced again, or no longer selected."]


def test_a_match_rate_that_falls_is_told(org, sync, receiver):
    sync(day="2026-03-01")
    receiver.taken()
    plain = [row["Id"] for row in Truth(org).zuora if row["kind"] == "plain"]
    for zuora_id in plain[: len(plain) // 4]:
        org.update_zuora_account(zuora_id, CrmId="n/a")
    sync(day="2026-03-02")
    [line] = receiver.taken()
    assert "match rate fell from" in line


def test_a_file_that_cannot_be_read_is_told(sync, receiver):
    sync.configure()
    sync.configuration.write_text("fields: [", encoding="utf-8")
    run = sync.run(day="2026-03-01")
    assert receiver.taken() == [f"sf_insights: The sync failed: {run.reason}"]


def test_a_failing_alert_fails_nothing(sync, receiver, monkeypatch):
    receiver.status = 500
    sync(day="2026-03-01")
    monkeypatch.setenv("SF_INSIGHTS_ALERT_URL", "http://127.0.0.1:9/closed")
    monkeypatch.setenv("SF_INSIGHTS_HEARTBEAT_URL", "no address at all")
    sync(day="2026-03-02", fields=["Type"])
