"""Preview, accept, send, and send again."""

from sf_insights.outbound.reading import reading_outbound
from sf_insights.outbound.reports import status
from sf_insights.settings.environment import Places, environment


def matched(sync):
    """Return the status that each matched Salesforce Account should hold, where its accounts agree."""
    rows = sync.look().rows(
        "SELECT salesforce_account_id, min(account_status), count(DISTINCT account_status)"
        " FROM insights.matched_accounts WHERE match_status IN ('matched', 'matched_by_merge') GROUP BY 1"
    )
    return {id_: status for id_, status, kinds in rows if kinds == 1}


def is_write(request):
    """Tell whether a request may change records or jobs; reading many records is a POST too."""
    return request["method"] in ("PATCH", "PUT", "DELETE") or request["path"].endswith("/jobs/ingest")


def test_a_preview_writes_nothing_and_says_what_the_send_will_do(outbound, sync, org):
    org.clear_requests()
    outbound.preview()
    assert not org.writes()
    assert not [request for request in org.requests() if is_write(request)]
    previewed = outbound.last_run()
    assert previewed["state"] == "preview"
    outbound.accept()
    outbound.send()
    sent = outbound.last_run()
    assert sent["state"] == "complete", sent
    assert sent["to_write"] == previewed["to_write"] == sent["written"] == len(org.writes())
    counts = "SELECT * EXCLUDE (run) FROM outbound.run_fields WHERE run = ? ORDER BY field"
    assert outbound.rows(counts, [previewed["run"]]) == outbound.rows(counts, [sent["run"]]) != []


def test_every_matched_account_holds_its_status(outbound, sync):
    outbound.previewed()
    outbound.send()
    wanted = matched(sync)
    held = outbound.held("Insights_Status__c")
    assert {id_: held[id_] for id_ in wanted} == wanted
    assert {id_ for id_, value in held.items() if value} == set(wanted)
    assert outbound.unchanged_writes() == 0


def test_a_second_run_sends_no_request_to_salesforce(outbound, org):
    outbound.previewed()
    outbound.send()
    org.clear_requests()
    outbound.send()
    assert org.requests() == []
    assert outbound.last_run()["state"] == "complete"


def test_one_changed_value_writes_one_cell_of_one_record(outbound, sync, org):
    outbound.first_send(
        fields=[
            {"from": "account_status", "to": "Insights_Status__c"},
            {"from": "account_name", "to": "Insights_Notes__c"},
        ]
    )
    sent = outbound.written()
    org.clear_requests()
    sync("2026-03-02")
    assert sync.look().rows("SELECT sync FROM insights.snapshot") == [(2,)]
    inbound = len(org.requests())
    outbound.send()
    assert len(org.requests()) == inbound, "the same values of a newer snapshot need no request"
    account, record = sync.look().rows(
        "SELECT account_id, salesforce_account_id FROM insights.matched_accounts"
        " WHERE match_status = 'matched' AND accounts_sharing = 1 ORDER BY 1 LIMIT 1"
    )[0]
    org.update_zuora_account(account, Status="Suspended")
    sync("2026-03-03")
    outbound.send()
    assert outbound.held("Insights_Status__c")[record] == "Suspended"
    again = {
        id_: {field: count - sent[id_].get(field, 0) for field, count in cells.items()}
        for id_, cells in outbound.written().items()
        if cells != sent.get(id_)
    }
    assert again == {record: {"Insights_Status__c": 1, "Insights_Notes__c": 0}}


def test_the_report_is_of_the_last_run_that_compared_values(outbound):
    outbound.preview()
    previewed = outbound.last_run()["run"]
    outbound.accept()
    outbound.send()
    sent = outbound.last_run()
    outbound.send()
    assert outbound.last_run()["differing"] == 0
    with reading_outbound(Places.from_environment(environment())) as tx:
        found = status.facts(tx)
        assert found["run"]["run"] == sent["run"], "a run with nothing to send does not hide the last numbers"
        [counts] = found["fields"]
        assert (counts["field"], counts["filled"]) == ("Insights_Status__c", sent["written"])
        held = outbound.held("Insights_Status__c")
        assert len(found["samples"]) == 10
        assert all(row["new_value"] == held[row["record_id"]] for row in found["samples"])
        assert status.facts(tx, previewed)["run"]["state"] == "preview"
        assert status.facts(tx, 99) == {}
