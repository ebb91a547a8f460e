"""What a person must accept first, and what the guards refuse."""

from typing import Any

import duckdb
import pytest

from sf_insights_tests.outbound.test_sending import matched

STATUS = "Insights_Status__c"


def all_statuses(ids, text):
    return f"SELECT unnest({ids}) AS salesforce_account_id, {text} AS account_status"


@pytest.fixture
def many(outbound, sync):
    """The outbound side after sending a status to every matched record, by a table that a test can change."""
    ids = sorted(matched(sync))
    assert len(ids) > 100
    outbound.previewed()
    outbound.send()
    return ids


def suspended(sync, org, share):
    """Change the status of this share of the accounts, and sync."""
    accounts = [
        id_
        for (id_,) in sync.look().rows(
            "SELECT account_id FROM insights.matched_accounts WHERE match_status = 'matched' ORDER BY 1"
        )
    ]
    for account in accounts[: int(len(accounts) * share)]:
        org.update_zuora_account(account, Status="Changed")
    sync("2026-03-02")


def test_a_run_without_an_accepted_preview_is_refused_and_writes_nothing(outbound, org):
    outbound.configure()
    assert "`sf-insights outbound accept`" in outbound.fails()
    assert not org.writes()
    assert outbound.last_run()["state"] == "refused"
    outbound.accept()  # the refused run was a preview too
    outbound.send()
    assert org.writes()


def test_a_changed_mapping_needs_a_new_preview(outbound, org):
    outbound.previewed()
    outbound.send()
    accepted, before = dict(outbound.settings), len(org.writes())
    changes: list[dict[str, Any]] = [
        {"fields": [{"from": "account_name", "to": STATUS}]},
        {"fields": [{"from": "account_status", "to": "Insights_Notes__c"}]},
        {"fields": [{"from": "account_status", "to": STATUS, "nulls": "keep"}]},
        {"object": "Customer__c", "match": {"from": "account_number", "to": "Zuora_Account_Number__c"}},
    ]
    for change in changes:
        outbound.configure(**(dict.fromkeys(("object", "match")) | accepted | change))
        assert "not accepted yet" in outbound.fails(), change
    assert len(org.writes()) == before
    outbound.configure(**(dict.fromkeys(("object", "match")) | accepted))
    outbound.send()


def test_changed_guards_labels_and_times_need_no_new_preview(outbound):
    outbound.previewed()
    outbound.send()
    outbound.configure(every="4h", guards={"max_changed": 0.5})
    outbound.sync.configure(label_prefix="New")
    outbound.send()


def test_a_run_that_changes_too_many_records_is_refused_until_it_is_accepted(outbound, sync, org, many):
    suspended(sync, org, 0.9)
    reason = outbound.fails()
    assert "max_changed (20%)" in reason
    assert "--accept changed" in reason
    assert "Changed" not in outbound.held(STATUS).values()
    outbound.send(accept=("changed",))
    assert "Changed" in outbound.held(STATUS).values()
    assert outbound.last_run()["accepted"] == ["changed"]


def test_a_run_that_clears_too_many_values_is_refused(outbound, sync, org):
    outbound.first_send(fields=[{"from": "Industry", "to": STATUS}])
    assert len([value for value in outbound.held(STATUS).values() if value]) > 60
    filled = [row["Id"] for row in org.records("Account") if not row["IsDeleted"] and row["Industry"]]
    for record in filled[10:]:
        org.update_account(record, Industry=None)
    sync("2026-03-02")
    assert "max_cleared (5%)" in outbound.fails(accept=("changed",))
    outbound.send(accept=("changed", "cleared"))
    assert len([value for value in outbound.held(STATUS).values() if value]) <= 10


def test_a_source_that_shrinks_is_refused(outbound, sync, org, many):
    for (account,) in sync.look().rows("SELECT account_id FROM insights.matched_accounts ORDER BY 1")[::2]:
        org.delete_zuora_account(account)
    sync("2026-03-02", accept=["row-drop"])
    assert "max_row_drop" in outbound.fails()


def test_an_old_snapshot_is_refused(outbound, org):
    outbound.preview(guards={"max_snapshot_age": "0s"})
    outbound.accept()
    assert "more than max_snapshot_age (0s)" in outbound.fails()
    assert not org.writes()
    outbound.send(accept=("age",))
    assert org.writes()


def test_a_run_that_needs_too_many_calls_is_refused(large, large_org):
    large.preview(guards={"max_api_calls": 10})
    large.accept()
    assert "more than max_api_calls (10)" in large.fails()
    assert not large_org.writes()
    large.send(accept=("calls",))
    assert large_org.writes()


def test_refused_records_are_not_sent_again_without_end(outbound, sync, org):
    outbound.previewed(guards={"max_api_calls": 20})
    org.add_trigger(sorted(matched(sync)))
    org.clear_requests()
    assert "max_api_calls is 20" in outbound.fails()
    assert len([request for request in org.requests() if request["method"] == "PATCH"]) == 2 + 20


def test_a_fifth_of_the_orgs_calls_is_left_to_other_programs(outbound, org):
    outbound.previewed()
    org.configure(quota_used=80_000, quota_max=100_000)
    assert "of its 100000 API calls" in outbound.fails()
    assert not org.writes()


def test_values_of_one_org_are_never_written_to_another(outbound, org):
    outbound.configure()
    snapshot = outbound.sync.snapshot
    snapshot.chmod(0o600)
    with duckdb.connect(str(snapshot)) as connection:
        connection.execute("UPDATE ops.warehouse SET org_id = '00D000000000001AAA'")
    assert "the snapshot is of 00D000000000001AAA" in outbound.fails("preview")
    assert not org.writes()


def test_another_org_than_before_needs_a_person(outbound, org):
    outbound.previewed()
    outbound.send()
    with duckdb.connect(str(outbound.sync.data / "outbound_sync.duckdb")) as connection:
        connection.execute("UPDATE ops.outbound SET org_id = '00D000000000001AAA'")
    assert "`sf-insights outbound reset`" in outbound.fails()
    outbound.reset()
    before = org.writes()
    outbound.first_send()
    assert org.writes() == before, "what is in place is not written again"


def test_the_rest_of_an_interrupted_first_delivery_is_what_a_person_accepted(outbound, org, many):
    outbound.preview(fields=[{"from": "account_name", "to": STATUS, "too_long": "truncate", "combine": "list"}])
    outbound.accept()
    limit = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    org.fault("status", method="PATCH", path="composite/sobjects", skip=1, status=403, body=limit)
    assert "Stopped for quota" in outbound.fails()
    assert outbound.last_run()["state"] == "partial"
    outbound.send()
    assert not set(outbound.held(STATUS).values()) & {"Active", "Canceled"}


def test_the_rest_of_a_first_delivery_with_a_limit_is_what_a_person_accepted(outbound, org, many):
    outbound.preview(fields=[{"from": "account_name", "to": STATUS, "too_long": "truncate", "combine": "list"}])
    outbound.accept()
    before = outbound.held(STATUS)
    outbound.send(limit=30)
    run, held = outbound.last_run(), outbound.held(STATUS)
    assert (run["state"], run["written"], sum(held[id_] != before[id_] for id_ in held)) == ("partial", 30, 30)
    outbound.send()
    assert outbound.last_run()["state"] == "complete"
    assert not set(outbound.held(STATUS).values()) & {"Active", "Canceled"}


def test_another_snapshot_than_the_previewed_one_is_guarded(outbound, sync, org, many):
    outbound.configure(fields=[{"from": "account_status", "to": STATUS, "too_long": "truncate"}])
    outbound.preview()
    outbound.accept()
    suspended(sync, org, 0.9)
    assert "max_changed (20%)" in outbound.fails()


def test_too_many_refused_records_stop_the_run(large, large_org):
    large.previewed()
    large_org.add_validation_rule(STATUS, "no", ["Active", "Canceled", "Draft", "Suspended"])
    reason = large.fails()
    assert "max_rejected (10%)" in reason


def test_a_flow_that_changes_the_value_stops_the_run_after_ten_records(outbound, org):
    outbound.previewed()
    org.add_flow(STATUS, "from the flow")
    assert "holds another value than was sent" in outbound.fails()
    assert len(org.writes()) == 10


def test_a_mapping_that_is_accepted_again_keeps_its_guards(outbound, sync):
    outbound.values(
        "SELECT account_id, CASE WHEN (SELECT max(sync) FROM insights.snapshot) = 1 THEN account_status END"
        " AS account_status FROM insights.matched_accounts"
    )
    outbound.first_send()
    outbound.preview()
    assert outbound.accept()["was_accepted"]
    assert sync("2026-03-02").success
    assert "max_changed" in outbound.fails()
