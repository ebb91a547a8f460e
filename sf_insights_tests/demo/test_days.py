from typing import Any

from sf_insights.demo.process import DemoOrg


def by_id(accounts: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {account["Id"]: account for account in accounts}


def test_a_day_does_what_its_summary_says(org: DemoOrg) -> None:
    before, billing_before = by_id(org.accounts()), by_id(org.zuora_accounts())
    summary = org.pass_day()
    after, billing_after = by_id(org.accounts()), by_id(org.zuora_accounts())
    assert (summary["day"], summary["date"]) == (1, "2026-03-02")
    assert len(after.keys() - before.keys()) == summary["added"] > 0
    assert len(before.keys() - after.keys()) == summary["purged"] > 0
    kept = before.keys() & after.keys()
    deleted = {id_ for id_ in kept if after[id_]["IsDeleted"] and not before[id_]["IsDeleted"]}
    merged = {id_ for id_ in deleted if after[id_]["MasterRecordId"]}
    assert (len(deleted - merged), len(merged)) == (summary["deleted"], summary["merged"])
    restored = {id_ for id_ in kept if before[id_]["IsDeleted"] and not after[id_]["IsDeleted"]}
    assert len(restored) == summary["undeleted"]
    assert len(billing_after.keys() - billing_before.keys()) == summary["zuora_added"] > 0
    assert len(billing_before.keys() - billing_after.keys()) == summary["zuora_removed"] > 0
    relinked = [
        id_
        for id_ in billing_before.keys() & billing_after.keys()
        if billing_before[id_]["CrmId"] != billing_after[id_]["CrmId"]
    ]
    assert len(relinked) == summary["zuora_relinked"] > 0
    billed = [
        id_
        for id_ in billing_before.keys() & billing_after.keys()
        if billing_before[id_]["Balance"] != billing_after[id_]["Balance"]
    ]
    assert len(billed) == summary["zuora_billed"] > 0


def test_an_update_is_stamped_within_its_day(org: DemoOrg) -> None:
    before = by_id(org.accounts())
    summary = org.pass_day()
    stamped = [
        account
        for account in org.accounts()
        if account["Id"] in before and account["SystemModstamp"] != before[account["Id"]]["SystemModstamp"]
    ]
    assert len(stamped) >= summary["updated"] > 0
    assert all("2026-03-01T01:00" <= account["SystemModstamp"] < "2026-03-02" for account in stamped)
    assert len({account["SystemModstamp"] for account in stamped}) > 1


def test_a_formula_changes_without_a_stamp(org: DemoOrg) -> None:
    before = by_id(org.accounts())
    org.pass_day()
    silent = [
        account
        for account in org.accounts()
        if account["Id"] in before
        and account["SystemModstamp"] == before[account["Id"]]["SystemModstamp"]
        and account["Days_Since_Touch__c"] != before[account["Id"]]["Days_Since_Touch__c"]
    ]
    assert silent
    for account in silent:
        assert account["Days_Since_Touch__c"] == before[account["Id"]]["Days_Since_Touch__c"] + 1


def test_days_repeat_after_a_reset(org: DemoOrg) -> None:
    summaries = [org.pass_day(), org.pass_day()]
    accounts, billing = org.accounts(), org.zuora_accounts()
    org.reset()
    assert [org.pass_day(), org.pass_day()] == summaries
    assert org.accounts() == accounts
    assert org.zuora_accounts() == billing


def test_a_day_passes_in_an_org_with_changed_fields(org: DemoOrg) -> None:
    org.remove_field("Industry")
    org.rename_field("Rating", "Grade__c")
    org.retype_field("Score__c", "string", length=20)
    for _ in range(3):
        assert org.pass_day()["updated"] > 0


def test_a_merge_moves_children_and_stamps_them(org: DemoOrg) -> None:
    accounts = by_id(org.accounts())
    child = next(a for a in accounts.values() if a["ParentId"] and not accounts[a["ParentId"]]["IsDeleted"])
    winner = next(
        id_ for id_, a in accounts.items() if not a["IsDeleted"] and id_ not in (child["Id"], child["ParentId"])
    )
    org.merge_accounts(winner, child["ParentId"])
    after = by_id(org.accounts())
    assert after[child["ParentId"]]["MasterRecordId"] == winner
    assert after[child["ParentId"]]["IsDeleted"]
    assert after[child["Id"]]["ParentId"] == winner
    assert after[child["Id"]]["SystemModstamp"] > child["SystemModstamp"]


def test_an_account_is_deleted_restored_and_purged(org: DemoOrg) -> None:
    id_ = org.add_account(Name="Short Life Ltd", AnnualRevenue=1000, NumberOfEmployees=10)
    assert by_id(org.accounts())[id_]["Revenue_Per_Employee__c"] == 100.0
    org.delete_account(id_)
    assert by_id(org.accounts())[id_]["IsDeleted"]
    org.undelete_account(id_)
    assert not by_id(org.accounts())[id_]["IsDeleted"]
    org.purge_account(id_)
    assert id_ not in by_id(org.accounts())
    assert {"Id": id_, "MasterRecordId": None} in org.purged()


def test_an_update_without_a_stamp_leaves_the_stamps(org: DemoOrg) -> None:
    account = org.accounts()[0]
    org.update_account(account["Id"], stamped=False, Industry="Energy")
    after = org.accounts()[0]
    assert after["Industry"] == "Energy"
    assert after["SystemModstamp"] == account["SystemModstamp"]
    org.update_account(account["Id"], Industry="Banking")
    assert org.accounts()[0]["SystemModstamp"] > account["SystemModstamp"]


def test_zuora_accounts_are_added_relinked_and_removed(org: DemoOrg) -> None:
    target = org.accounts()[0]["Id"]
    id_ = org.add_zuora_account(Name="New Customer", CrmId=target)
    org.update_zuora_account(id_, CrmId=None, Status="Canceled")
    account = by_id(org.zuora_accounts())[id_]
    assert (account["CrmId"], account["Status"], account["Name"]) == (None, "Canceled", "New Customer")
    org.delete_zuora_account(account["AccountNumber"])
    assert id_ not in by_id(org.zuora_accounts())


def test_a_retyped_field_keeps_values_that_fit_its_new_type(org: DemoOrg) -> None:
    first, second = [account["Id"] for account in org.accounts()[:2]]
    org.update_account(first, Legacy_Code__c="0012")
    org.update_account(second, Legacy_Code__c="NA")
    org.retype_field("Legacy_Code__c", "double", precision=18, scale=0)
    accounts = by_id(org.accounts())
    assert (accounts[first]["Legacy_Code__c"], accounts[second]["Legacy_Code__c"]) == (12.0, None)
    org.retype_field("Legacy_Code__c", "string", length=20)
    assert by_id(org.accounts())[first]["Legacy_Code__c"] == "12.0"
