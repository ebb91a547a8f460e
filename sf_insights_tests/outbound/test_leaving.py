"""Accounts that are linked to another record, merged, deleted, or no longer matched."""

import pytest

STATUS = "Insights_Status__c"


@pytest.fixture
def one(sync):
    """An account that alone stands for its record, and the record."""
    found: tuple[str, str] = sync.look().rows(
        "SELECT account_id, salesforce_account_id FROM insights.matched_accounts"
        " WHERE match_status = 'matched' AND accounts_sharing = 1 ORDER BY 1 LIMIT 1"
    )[0]
    return found


@pytest.fixture
def free(sync, org):
    """A live record that no account stands for."""
    taken = {id_ for (id_,) in sync.look().rows("SELECT salesforce_account_id FROM insights.matched_accounts")}
    return next(row["Id"] for row in org.records("Account") if not row["IsDeleted"] and row["Id"] not in taken)


def test_a_relinked_account_fills_its_new_record_and_clears_the_old_one(outbound, sync, org, one, free):
    account, record = one
    outbound.first_send()
    before = outbound.held(STATUS)[record]
    org.update_zuora_account(account, CrmId=free)
    sync("2026-03-02")
    outbound.send()
    held = outbound.held(STATUS)
    assert (held[record], held[free]) == (None, before)
    assert outbound.rows("SELECT reason FROM outbound.changes WHERE record_id = ? AND new_value = ''", [record]) == [
        ("relinked",)
    ]
    outbound.send()
    assert outbound.unchanged_writes() == 0


def test_a_value_that_somebody_changed_meanwhile_is_not_cleared(outbound, sync, org, one, free):
    account, record = one
    outbound.first_send()
    org.edit("Account", record, **{STATUS: "a person's"})
    org.update_zuora_account(account, CrmId=free)
    sync("2026-03-02")
    outbound.send()
    assert outbound.held(STATUS)[record] == "a person's"
    org.clear_requests()
    outbound.send()
    assert org.requests() == [], "the record is no longer ours"


@pytest.mark.parametrize("on_leave", ["keep", "clear"])
def test_an_account_that_zuora_no_longer_has_keeps_or_clears_its_value(outbound, sync, org, one, on_leave):
    account, record = one
    outbound.first_send(fields=[{"from": "account_status", "to": STATUS, "on_leave": on_leave}])
    before = outbound.held(STATUS)[record]
    assert before
    org.delete_zuora_account(account)
    sync("2026-03-02")
    outbound.send()
    assert outbound.held(STATUS)[record] == (before if on_leave == "keep" else None)
    org.clear_requests()
    outbound.send()
    assert org.requests() == []


@pytest.mark.parametrize("on_leave", ["keep", "clear"])
def test_an_account_without_a_match_keeps_or_clears_its_value(outbound, sync, org, one, on_leave):
    account, record = one
    outbound.first_send(fields=[{"from": "account_status", "to": STATUS, "on_leave": on_leave}])
    before = outbound.held(STATUS)[record]
    assert before
    org.update_zuora_account(account, CrmId=None)
    sync("2026-03-02")
    outbound.send()
    assert outbound.held(STATUS)[record] == (before if on_leave == "keep" else None)
    [(status, reason)] = outbound.rows(
        "SELECT status, reason FROM outbound.unsent_accounts WHERE account_id = ?", [account]
    )
    assert status
    assert reason
    outbound.send()
    assert outbound.unchanged_writes() == 0


def test_a_checkbox_without_an_account_becomes_false(outbound, sync, org, one):
    account, record = one
    outbound.first_send(fields=[{"from": "is_current", "to": "Insights_Autopay__c", "on_leave": "clear"}])
    assert outbound.held("Insights_Autopay__c")[record] is True
    org.update_zuora_account(account, CrmId=None)
    sync("2026-03-02")
    outbound.send()
    assert outbound.held("Insights_Autopay__c")[record] is False
    org.clear_requests()
    outbound.send()
    assert org.requests() == []


def test_a_merged_records_values_go_to_the_survivor(outbound, sync, org, one, free):
    _, record = one
    outbound.first_send()
    before = outbound.held(STATUS)[record]
    org.merge_accounts(free, record)
    sync("2026-03-02")
    outbound.send()
    assert outbound.held(STATUS)[free] == before
    assert outbound.last_run()["state"] == "complete"
    assert outbound.rows("SELECT count(*) FROM outbound.sent_values WHERE record_id = ?", [record]) == [(0,)]


def test_a_deleted_record_is_not_tried_again_and_filled_when_it_is_restored(outbound, sync, org, one):
    _, record = one
    outbound.preview()
    outbound.accept()
    org.delete_account(record)  # after the inbound sync saw it
    outbound.send()
    assert outbound.last_run()["gone"] == 1
    org.clear_requests()
    outbound.send()
    assert org.requests() == []
    org.undelete_account(record)
    sync("2026-03-02")
    outbound.send()
    assert outbound.held(STATUS)[record]


BY_RECORD = "SELECT salesforce_account_id, account_name, account_status FROM insights.accounts"


def test_a_record_with_two_rows_of_the_select_keeps_its_value_and_is_listed_once(outbound, sync, org, one):
    _, record = one
    outbound.values(BY_RECORD)
    outbound.first_send(fields=[{"from": "account_status", "to": STATUS, "on_leave": "clear"}])
    before = outbound.held(STATUS)[record]
    assert before
    org.add_zuora_account(Name="Another", CrmId=record, kind="plain", salesforce_id=record)
    sync("2026-03-02")
    outbound.send()
    assert outbound.held(STATUS)[record] == before
    [(status,)] = outbound.rows("SELECT status FROM outbound.unsent_accounts WHERE key = ?", [record])
    assert status == "ambiguous"


def test_a_record_is_cleared_when_any_of_its_accounts_is_relinked_and_the_select_leaves_it_out(outbound, sync, org):
    record, accounts = sync.look().rows(
        "SELECT salesforce_account_id, list(account_id ORDER BY account_id) FROM insights.matched_accounts"
        " WHERE match_status = 'matched' GROUP BY 1 HAVING count(*) = 2 ORDER BY 1 LIMIT 1"
    )[0]
    other = min(id_ for id_ in outbound.held(STATUS) if id_ != record)
    outbound.values(
        "SELECT salesforce_account_id, min(account_status) AS status FROM insights.accounts"
        f" WHERE salesforce_account_id != '{other}' AND account_status != 'Suspended' GROUP BY 1"
    )
    outbound.first_send(fields=[{"from": "status", "to": STATUS}])
    assert outbound.held(STATUS)[record]
    org.update_zuora_account(accounts[0], Status="Suspended")
    org.update_zuora_account(accounts[1], CrmId=other, kind="plain", salesforce_id=other)
    sync("2026-03-02")
    outbound.send()
    assert outbound.held(STATUS)[record] is None


def test_an_account_that_comes_back_with_another_record_clears_the_first_one(outbound, sync, org, one, free):
    account, record = one
    outbound.first_send()
    org.update_zuora_account(account, CrmId=None)
    sync("2026-03-02")
    outbound.send()
    assert outbound.held(STATUS)[record], "the account only left"
    org.update_zuora_account(account, CrmId=free)
    sync("2026-03-03")
    outbound.send()
    assert (outbound.held(STATUS)[record], bool(outbound.held(STATUS)[free])) == (None, True)
