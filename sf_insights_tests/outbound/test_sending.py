"""Preview, accept, send, and send again."""


def matched(sync):
    """Return the status that each matched Salesforce Account should hold, where its accounts agree."""
    rows = sync.look().rows(
        "SELECT salesforce_account_id, min(account_status), count(DISTINCT account_status)"
        " FROM insights.matched_accounts WHERE match_status IN ('matched', 'matched_by_merge') GROUP BY 1"
    )
    return {id_: status for id_, status, kinds in rows if kinds == 1}


def test_a_preview_writes_nothing_and_says_what_the_send_will_do(outbound, sync, org):
    outbound.preview()
    assert not org.writes()
    previewed = outbound.last_run()
    assert previewed["state"] == "preview"
    outbound.accept()
    outbound.send()
    sent = outbound.last_run()
    assert sent["state"] == "complete", sent
    assert sent["to_write"] == previewed["to_write"] == sent["written"] == len(org.writes())


def test_every_matched_account_holds_its_status(outbound, sync):
    outbound.first_send()
    wanted = matched(sync)
    held = outbound.held("Insights_Status__c")
    assert {id_: held[id_] for id_ in wanted} == wanted
    assert {id_ for id_, value in held.items() if value} == set(wanted)
    assert outbound.unchanged_writes() == 0


def test_a_second_run_sends_no_request_to_salesforce(outbound, org):
    outbound.first_send()
    org.clear_requests()
    outbound.send()
    assert org.requests() == []
    assert outbound.last_run()["state"] == "complete"
