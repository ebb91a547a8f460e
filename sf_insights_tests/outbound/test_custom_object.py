"""Records of a custom object, found by an id field."""

import pytest

from sf_insights_tests.soak import some

MATCH = {"from": "account_number", "to": "Zuora_Account_Number__c"}
STATUS = {"from": "account_status", "to": "Insights_Status__c"}


def customers(org):
    return {row["Id"]: row for row in org.records("Customer__c") if not row["IsDeleted"]}


def statuses(sync):
    return dict(sync.look().rows("SELECT upper(account_number), account_status FROM insights.accounts"))


def test_records_are_found_by_their_id_field_and_none_is_created(outbound, sync, org):
    before = customers(org)
    outbound.first_send(object="Customer__c", match=MATCH, fields=[STATUS])
    after, wanted = customers(org), statuses(sync)
    assert set(after) == set(before)
    for row in after.values():
        assert row["Insights_Status__c"] == wanted.get((row["Zuora_Account_Number__c"] or "").upper())
    found = {(row["Zuora_Account_Number__c"] or "").upper() for row in before.values()}
    unsent = outbound.rows("SELECT status, count(*) FROM outbound.unsent_accounts GROUP BY 1")
    assert unsent == [("not_found", len(set(wanted) - found))]
    org.clear_requests()
    outbound.send()
    assert org.requests() == []


def test_letter_case_is_ignored_where_salesforce_ignores_it(outbound, sync, org):
    record, row = next(iter(customers(org).items()))
    org.edit("Customer__c", record, Zuora_Account_Number__c=row["Zuora_Account_Number__c"].lower())
    outbound.first_send(object="Customer__c", match=MATCH, fields=[STATUS])
    assert customers(org)[record]["Insights_Status__c"]


def test_a_key_of_several_records_is_ambiguous_and_none_is_written(outbound, sync, org):
    rows = list(customers(org).values())
    shared = [row for row in rows if sum(other["Legacy_Id__c"] == row["Legacy_Id__c"] for other in rows) > 1]
    assert shared
    key = shared[0]["Legacy_Id__c"]
    [account] = sync.look().rows("SELECT account_id FROM insights.accounts ORDER BY 1 LIMIT 1")
    outbound.values(f"SELECT '{account[0]}' AS account_id, '{key}' AS legacy, 'x' AS account_status")
    outbound.first_send(object="Customer__c", match={"from": "legacy", "to": "Legacy_Id__c"}, fields=[STATUS])
    assert not org.writes()
    [(status, reason)] = outbound.rows("SELECT status, reason FROM outbound.unsent_accounts")
    assert status == "ambiguous"
    assert "records of Customer__c have this Legacy_Id__c" in reason


@pytest.mark.parametrize("to", ["Zuora_Acount_Number__c", "Nothing__c"])
def test_an_id_field_that_does_not_exist_is_refused(outbound, to):
    outbound.configure(object="Customer__c", match={"from": "account_number", "to": to}, fields=[STATUS])
    assert "outbound: match: the user sees no field" in outbound.fails("preview")


def test_many_keys_are_looked_up_by_one_query_of_the_bulk_api(large, large_org):
    record, twin = sorted(customers(large_org))[:2]
    large_org.edit("Customer__c", twin, Zuora_Account_Number__c=customers(large_org)[record]["Zuora_Account_Number__c"])
    large_org.edit("Customer__c", twin, IsDeleted=True)
    large_org.fault("job_failed", path="jobs/query", message="InternalServerError : Retried more than fifteen times")
    large.first_send(object="Customer__c", match=MATCH, fields=[STATUS])
    assert large.last_run()["channel"] == "bulk"
    assert len(large_org.writes()) > 2000
    assert large_org.writes()[record], "a record in the recycle bin does not make a key ambiguous"
    assert large.unchanged_writes() == 0


@pytest.mark.parametrize("has", some(["moved", "a second record"], 1))
def test_a_key_is_looked_up_again_before_its_record_is_written(outbound, sync, org, has):
    rows = customers(org)
    old, new = sorted(rows)[:2]
    key = rows[old]["Zuora_Account_Number__c"]
    outbound.values(
        "SELECT account_id, (SELECT max(sync) FROM insights.snapshot)::VARCHAR AS account_status"
        f" FROM insights.accounts WHERE upper(account_number) = upper('{key}')"
    )
    match = {"from": "account_number", "to": "Zuora_Account_Number__c" if has == "moved" else "Legacy_Id__c"}
    if has != "moved":
        for id_ in (old, new):
            org.edit("Customer__c", id_, Legacy_Id__c=key if id_ == old else "none")
    outbound.first_send(object="Customer__c", match=match, fields=[STATUS])
    assert customers(org)[old]["Insights_Status__c"] == "1"
    if has == "moved":
        org.edit("Customer__c", old, Zuora_Account_Number__c="OTHER-1")
    org.edit("Customer__c", new, **{match["to"]: key})
    assert sync("2026-03-02").success
    outbound.send()
    now = {id_: row["Insights_Status__c"] for id_, row in customers(org).items() if id_ in (old, new)}
    assert now == ({old: None, new: "2"} if has == "moved" else {old: "1", new: None})


def test_another_spelling_of_the_object_is_refused_with_salesforces(outbound):
    outbound.configure(object="customer__c", match=MATCH, fields=[STATUS])
    assert "Write `object: Customer__c`" in outbound.fails("preview")


def test_numbers_are_found_however_they_are_written(outbound, sync, org):
    org.add_field("Insights_Key__c", "Key", "double", precision=10, scale=0, external_id=True)
    [(account, record)] = sync.look().rows(
        "SELECT account_id, salesforce_account_id FROM insights.matched_accounts WHERE match_status = 'matched' LIMIT 1"
    )
    org.edit("Account", record, Insights_Key__c=12345)
    outbound.values(f"SELECT '{account}' AS account_id, 12345 AS key, 'found' AS account_status")
    outbound.first_send(match={"from": "key", "to": "Insights_Key__c"}, fields=[STATUS])
    assert outbound.held("Insights_Status__c")[record] == "found"
