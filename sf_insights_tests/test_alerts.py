"""Delivering alerts over HTTP to receivers that refuse, redirect, stay silent or come back."""

import json
from datetime import date

import pytest

from sf_insights.alerts import Alerts
from sf_insights.domain.syncs.alerts import MOST_UNSENT, Published
from sf_insights_tests.alert_receiver import Receiver

DAY = date(2026, 3, 1)
FAILED = "sf_insights: The sync failed: it broke."
RECOVERED = f"sf_insights: Recovered: the sync of {DAY} is published."
PUBLISHED = Published(DAY, brings_sync=True, paused={}, new_labels={}, match_rate=1.0, previous_match_rate=None)


@pytest.fixture
def receiver():
    with Receiver.started() as server:
        yield server


@pytest.fixture
def alerts(tmp_path, receiver):
    return Alerts(tmp_path, receiver.environment)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_refused_alert_is_sent_once_at_the_next_occasion(alerts, receiver, status):
    receiver.status = status
    alerts.failed(None, "it broke.")
    assert receiver.taken() == [FAILED]
    receiver.status = 200
    alerts.failed(None, "it broke.")
    assert receiver.taken() == [FAILED]
    alerts.failed(None, "it broke.")
    assert receiver.taken() == []


def test_alerts_and_heartbeats_follow_no_redirect(alerts, receiver, caplog):
    receiver.status = 302
    alerts.failed(None, "it broke.")
    alerts.published(PUBLISHED)
    assert receiver.followed == 0
    assert "SF_INSIGHTS_ALERT_URL" in caplog.text
    assert "token-that-nobody-may-see" not in caplog.text


def test_alerts_wait_in_order_for_an_unreachable_receiver(tmp_path, alerts, receiver):
    away = Alerts(tmp_path, receiver.environment | {"SF_INSIGHTS_ALERT_URL": "http://127.0.0.1:9/closed"})
    away.failed(None, "it broke.")
    away.published(PUBLISHED)
    alerts.published(PUBLISHED)
    assert receiver.taken() == [FAILED, RECOVERED]


def test_a_waiting_alert_that_is_refused_again_does_not_hold_up_the_next(alerts, receiver):
    receiver.status = 400
    alerts.failed(None, "it broke.")
    alerts.published(PUBLISHED)
    assert receiver.taken() == [FAILED, FAILED, RECOVERED]
    receiver.status = 200
    alerts.published(PUBLISHED)
    assert receiver.taken() == [FAILED, RECOVERED]


def test_a_late_alert_shows_its_original_time(tmp_path, alerts, receiver):
    receiver.status = 500
    alerts.failed(None, "it broke.")
    ledger = tmp_path / "alerts.json"
    noted = json.loads(ledger.read_text())
    noted["unsent"][0]["since"] = "2026-03-01T04:00:00+00:00"
    ledger.write_text(json.dumps(noted))
    receiver.taken()
    alerts.failed(None, "it broke.")
    assert receiver.taken() == [f"{FAILED} (Delayed: from 2026-03-01 04:00 UTC, when it could not be delivered.)"]


def test_the_queue_of_alerts_is_bounded_and_reports_dropped_ones(alerts, receiver):
    receiver.status = 500
    for _ in range(MOST_UNSENT):
        alerts.failed(None, "it broke.")
        alerts.published(PUBLISHED)
    receiver.taken()
    receiver.status = 200
    alerts.published(PUBLISHED)
    lost, *lines = receiver.taken()
    assert lost == f"sf_insights: {MOST_UNSENT} older alerts could not be delivered and are lost."
    assert lines == [FAILED, RECOVERED] * (MOST_UNSENT // 2)
    alerts.published(PUBLISHED)
    assert receiver.taken() == []


def test_an_endless_answer_to_an_alert_does_not_block(alerts, receiver):
    receiver.answers_in_full = False
    alerts.failed(None, "it broke.")
    assert receiver.taken() == [FAILED]
    alerts.failed(None, "it broke.")
    assert receiver.taken() == []


def test_removing_and_restoring_the_alert_url_sends_no_old_alerts(tmp_path, alerts, receiver):
    Alerts(tmp_path, {}).failed(None, "it broke.")
    alerts.failed(None, "it broke.")
    assert receiver.taken() == []
    alerts.published(PUBLISHED)
    assert receiver.taken() == [RECOVERED]


def test_alert_notes_of_an_earlier_version_still_count(tmp_path, alerts, receiver):
    (tmp_path / "alerts.json").write_text('{"sync": "failed"}')
    alerts.published(PUBLISHED)
    assert receiver.taken() == [RECOVERED]


@pytest.mark.parametrize("content", ["", "[]", '{"states": {"sync"', '{"states": {}, "unsent": [1], "dropped": 0}'])
def test_a_damaged_alert_note_does_not_stop_alerts(tmp_path, alerts, receiver, content):
    (tmp_path / "alerts.json").write_text(content)
    alerts.failed(None, "it broke.")
    assert receiver.taken() == [FAILED]


def test_a_sync_sends_a_heartbeat_but_relabelling_does_not(alerts, receiver):
    alerts.published(Published(DAY, False, {}, {}, 1.0, None))
    assert receiver.beats == 0
    alerts.published(PUBLISHED)
    assert receiver.beats == 1
