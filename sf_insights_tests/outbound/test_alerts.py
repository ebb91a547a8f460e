"""Alerts of outbound runs: one line per change of state."""

import pytest

from sf_insights_tests.alert_receiver import Receiver


@pytest.fixture
def receiver(monkeypatch):
    with Receiver.started() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def test_each_change_of_state_alerts_once(outbound, sync, org, receiver):
    fields = [
        {"from": "account_status", "to": "Insights_Status__c"},
        {"from": "account_name", "to": "Insights_Notes__c"},
    ]
    outbound.preview(fields=fields, guards={"max_snapshot_age": "0s"})
    outbound.accept()
    assert receiver.taken() == [], "a preview tells nobody"
    reason = outbound.fails()
    assert receiver.taken() == [f"sf_insights: Values were not sent to Salesforce: {reason}"]
    outbound.fails()
    assert receiver.taken() == []
    outbound.configure(guards=None)
    outbound.send()
    assert receiver.taken() == ["sf_insights: Recovered: values are sent to Salesforce again."]

    [account] = sync.look().rows(
        "SELECT account_id FROM insights.matched_accounts WHERE match_status = 'matched' AND accounts_sharing = 1"
        " ORDER BY 1 LIMIT 1"
    )
    org.update_zuora_account(account[0], Status="Changed")
    sync("2026-03-02")
    org.hide_field("Insights_Notes__c")
    receiver.taken()
    outbound.send()
    [line] = receiver.taken()
    assert line.startswith("sf_insights: Insights_Notes__c is not sent to Salesforce any more")
    org.show_field("Insights_Notes__c")
    outbound.retry()
    outbound.send()
    assert receiver.taken() == ["sf_insights: Insights_Notes__c is sent to Salesforce again, or no longer mapped."]
