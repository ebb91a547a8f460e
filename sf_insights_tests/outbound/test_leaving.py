"""Accounts that are linked to another record, merged, deleted, or no longer matched."""

import pytest

STATUS, NOTES, CHECKBOX = "Insights_Status__c", "Insights_Notes__c", "Insights_Autopay__c"


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
    outbound.previewed()
    outbound.send()
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
    outbound.previewed()
    outbound.send()
    org.edit("Account", record, **{STATUS: "a person's"})
    org.update_zuora_account(account, CrmId=free)
    sync("2026-03-02")
    outbound.send()
    assert outbound.held(STATUS)[record] == "a person's"
    org.clear_requests()
    outbound.send()
    assert org.requests() == [], "the record is no longer ours"


@pytest.mark.parametrize("leaves", ["zuora", "the match"])
def test_an_account_that_left_keeps_or_clears_its_values_as_the_entries_say(outbound, sync, org, one, leaves):
    account, record = one
    outbound.previewed(
        fields=[
            {"from": "account_status", "to": STATUS, "on_leave": "keep"},
            {"from": "account_status", "to": NOTES, "on_leave": "clear"},
            {"from": "is_current", "to": CHECKBOX, "on_leave": "clear"},
        ]
    )
    outbound.send()
    before = outbound.held(STATUS)[record]
    assert before
    assert (outbound.held(NOTES)[record], outbound.held(CHECKBOX)[record]) == (before, True)
    if leaves == "zuora":
        org.delete_zuora_account(account)
    else:
        org.update_zuora_account(account, CrmId=None)
    sync("2026-03-02")
    outbound.send()
    held = tuple(outbound.held(field)[record] for field in (STATUS, NOTES, CHECKBOX))
    assert held == (before, None, False), "a checkbox without an account becomes false"
    if leaves == "the match":
        [(status, reason)] = outbound.rows(
            "SELECT status, reason FROM outbound.unsent_accounts WHERE account_id = ?", [account]
        )
        assert status
        assert reason
    org.clear_requests()
    outbound.send()
    assert org.requests() == []
    assert outbound.unchanged_writes() == 0


def test_a_merged_records_values_go_to_the_survivor(outbound, sync, org, one, free):
    _, record = one
    outbound.previewed()
    outbound.send()
    before = outbound.held(STATUS)[record]
    org.merge_accounts(free, record)
    sync("2026-03-02")
    outbound.send()
    assert outbound.held(STATUS)[free] == before
    assert outbound.last_run()["state"] == "complete"
    assert outbound.rows("SELECT count(*) FROM outbound.sent_values WHERE record_id = ?", [record]) == [(0,)]


def test_a_deleted_record_is_not_tried_again_and_filled_when_it_is_restored(outbound, sync, org, one):
    _, record = one
    outbound.previewed()
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
    outbound.previewed()
    outbound.send()
    org.update_zuora_account(account, CrmId=None)
    sync("2026-03-02")
    outbound.send()
    assert outbound.held(STATUS)[record], "the account only left"
    org.update_zuora_account(account, CrmId=free)
    sync("2026-03-03")
    outbound.send()
    assert (outbound.held(STATUS)[record], bool(outbound.held(STATUS)[free])) == (None, True)
