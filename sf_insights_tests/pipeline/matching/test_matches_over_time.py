"""Merges, deletes, purges and new links, from day to day."""

import shutil
from dataclasses import dataclass

import pytest

from sf_insights_tests.pipeline.pipeline import Run
from sf_insights_tests.pipeline.truth import Truth
from sf_insights_tests.soak import some

FIELDS = ["Industry", {"field": "ARR__c", "as": "metric"}]
SUGGESTED = "SELECT account_id, match_reason FROM insights.matched_accounts WHERE contains(match_reason, ?)"


def plain_accounts(org, count):
    """Return pairs of Zuora Id and Salesforce Id that share their Account with no other and have values to lose."""
    truth = Truth(org)
    matches = truth.matches()
    linked = list(matches.values())
    pairs = [
        (zuora_id, salesforce_id)
        for zuora_id, salesforce_id in matches.items()
        if linked.count(salesforce_id) == 1
        and truth.accounts[salesforce_id]["ARR__c"] is not None
        and next(row for row in truth.zuora if row["Id"] == zuora_id)["kind"] == "plain"
    ]
    return pairs[:count]


def changes_of(run, zuora_id):
    sql = (
        "SELECT field, old_value, new_value, reason FROM insights.attribute_changes WHERE account_id = ? ORDER BY field"
    )
    return run.rows(sql, [zuora_id])


def match(run, zuora_id):
    return run.rows(
        "SELECT match_status, salesforce_account_id, match_status_since::VARCHAR, last_matched_on::VARCHAR "
        "FROM insights.matched_accounts WHERE account_id = ?",
        [zuora_id],
    )[0]


@dataclass
class Days:
    """What analysts saw on three days, and the accounts to which something happened, as (id in Zuora, in Salesforce).

    Each account is alone in what happened to it, so that one warehouse is enough.
    """

    first: Run
    second: Run
    third: Run
    merged: list[tuple[str, str]]
    merged_and_deleted: list[tuple[str, str]]
    undeleted: tuple[str, str]
    purged: tuple[str, str]
    returned: tuple[str, str]
    shared: tuple[str, str]
    candidate: str
    suggested: tuple[str, str]


def suggestion(org, run):
    """Return a Salesforce Account that an id in other letter case may mean, and the row that says so."""
    row, *_ = run.rows(SUGGESTED, ["ignoring letter case"])
    return next(id_ for id_ in Truth(org).accounts if id_ in row[1]), row


@pytest.fixture
def days(org, sync):
    """Three days; merges, deletions and new links are on the second, and what follows them on the third."""
    accounts = plain_accounts(org, 9)
    merged, both, (undeleted, purged, returned, shared, joining) = accounts[:2], accounts[2:4], accounts[4:]
    seen = [sync.data / f"seen_{number}.duckdb" for number in (1, 2, 3)]

    def live_on():
        candidate, _ = suggestion(org, sync.look())
        shutil.copyfile(sync.snapshot, seen[0])
        for (_, loser), (_, survivor) in (merged, both):
            org.merge_accounts(survivor, loser)
        org.update_account(merged[1][1], Industry="Energy")
        for id_ in (undeleted[1], purged[1], candidate):
            org.delete_account(id_)
        org.delete_zuora_account(returned[0])
        org.update_zuora_account(joining[0], CrmId=shared[1])
        shutil.copyfile(sync(day="2026-03-02").snapshot, seen[1])
        org.purge_account(merged[0][1])
        org.delete_account(both[1][1])
        org.undelete_account(undeleted[1])
        org.undelete_account(candidate)
        org.purge_account(purged[1])
        org.add_zuora_account(Id=returned[0], CrmId=returned[1], Name="Back again", kind="plain")
        org.update_zuora_account(joining[0], CrmId=joining[1])
        shutil.copyfile(sync(day="2026-03-03").snapshot, seen[2])

    sync.configure(fields=FIELDS)
    sync.once("2026-03-01", "two more days of matches", live_on)
    first, second, third = (Run(True, None, "", snapshot) for snapshot in seen)
    found = suggestion(org, first)
    return Days(first, second, third, merged, both, undeleted, purged, returned, shared, *found)


def test_a_merge_is_still_followed_after_salesforce_purges_the_loser(days):
    (zuora_id, _), (_, survivor) = days.merged
    assert match(days.second, zuora_id) == ("matched_by_merge", survivor, "2026-03-02", "2026-03-02")
    assert days.second.attributes("Industry")[zuora_id] == "Energy"
    sql = "SELECT DISTINCT reason FROM insights.attribute_changes WHERE account_id = ?"
    assert days.second.rows(sql, [zuora_id]) == [("merged",)]
    assert match(days.third, zuora_id) == ("matched_by_merge", survivor, "2026-03-02", "2026-03-03")


def test_a_chain_of_merges_is_followed_to_the_end(org, sync):
    (zuora_id, first), (_, second), (_, third) = plain_accounts(org, 3)
    org.merge_accounts(second, first)
    org.merge_accounts(third, second)
    run = sync(day="2026-03-01", fields=FIELDS)
    assert match(run, zuora_id)[:2] == ("matched_by_merge", third)


def test_deleting_a_merge_survivor_leaves_its_losers_deleted(days):
    (zuora_id, _), _ = days.merged_and_deleted
    assert match(days.third, zuora_id) == ("deleted", None, "2026-03-03", "2026-03-02")


def test_restoring_the_survivor_of_a_chain_matches_its_losers_again(org, sync):
    (zuora_id, first), (_, second), (_, third) = plain_accounts(org, 3)
    org.merge_accounts(second, first)
    org.merge_accounts(third, second)
    org.delete_account(third)
    run = sync(day="2026-03-01", fields=FIELDS)
    assert match(run, zuora_id) == ("deleted", None, "2026-03-01", None)
    org.undelete_account(third)
    run = sync(day="2026-03-02")
    assert match(run, zuora_id) == ("matched_by_merge", third, "2026-03-02", "2026-03-02")


def test_an_account_that_differs_in_letter_case_is_suggested_only_while_it_lives(days):
    assert days.suggested in days.first.rows(SUGGESTED, [days.candidate])
    assert days.second.rows(SUGGESTED, [days.candidate]) == []
    assert days.suggested in days.third.rows(SUGGESTED, [days.candidate])


def test_a_deleted_account_keeps_its_last_values_until_it_is_undeleted(days):
    zuora_id, salesforce_id = days.undeleted
    before = days.first.attributes("Industry")[zuora_id]
    assert match(days.second, zuora_id) == ("deleted", None, "2026-03-02", "2026-03-01")
    [kept] = days.second.rows(
        'SELECT is_current, synced_on::VARCHAR, salesforce_account_id, "Industry" FROM insights.account_attributes '
        "WHERE account_id = ?",
        [zuora_id],
    )
    assert kept == (False, "2026-03-01", salesforce_id, before)
    assert zuora_id not in days.second.metric("ARR__c", "2026-03-02")
    assert match(days.third, zuora_id) == ("matched", salesforce_id, "2026-03-03", "2026-03-03")
    assert zuora_id in days.third.attributes("Industry")
    assert zuora_id in days.third.metric("ARR__c", "2026-03-03")
    assert days.third.rows("SELECT count(*) FROM insights.attribute_changes WHERE account_id = ?", [zuora_id]) == [(0,)]


def test_a_purged_account_stays_deleted(days):
    zuora_id, _ = days.purged
    assert match(days.third, zuora_id) == ("deleted", None, "2026-03-02", "2026-03-01")


def test_a_new_crm_account_id_brings_only_the_new_accounts_values(org, sync):
    (zuora_id, old), (_, new) = plain_accounts(org, 2)
    org.update_account(old, Industry="Energy", ARR__c=100.5)
    org.update_account(new, Industry=None, ARR__c=None)
    sync(day="2026-03-01", fields=FIELDS)
    org.update_zuora_account(zuora_id, CrmId=new)
    run = sync(day="2026-03-02")
    assert match(run, zuora_id)[:2] == ("matched", new)
    assert run.attributes("Industry")[zuora_id] is None
    assert zuora_id not in run.metric("ARR__c", "2026-03-02")
    assert run.metric("ARR__c", "2026-03-01")[zuora_id] == 100.5
    assert ("Industry", "Energy", None, "relinked") in changes_of(run, zuora_id)
    assert run.rows(
        "SELECT valid_to::VARCHAR FROM insights.metric_history WHERE account_id = ? AND metric = 'ARR__c'", [zuora_id]
    ) == [("2026-03-02",)]


def test_an_account_that_leaves_zuora_keeps_its_values_and_can_return(days):
    zuora_id, salesforce_id = days.returned
    before = days.first.attributes("Industry")[zuora_id]
    assert days.second.rows("SELECT count(*) FROM insights.accounts WHERE account_id = ?", [zuora_id]) == [(0,)]
    assert days.second.attributes("Industry", "NOT is_current")[zuora_id] == before
    assert zuora_id not in days.second.metric("ARR__c", "2026-03-02")
    assert match(days.third, zuora_id) == ("matched", salesforce_id, "2026-03-03", "2026-03-03")
    assert days.third.attributes("Industry")[zuora_id] == before
    assert days.third.rows(
        "SELECT date::VARCHAR FROM insights.account_metrics WHERE account_id = ? ORDER BY date", [zuora_id]
    ) == [("2026-03-01",), ("2026-03-03",)]


def statuses(run, zuora_id):
    sql = "SELECT changed_on::VARCHAR, match_status FROM ops.match_changes WHERE account_id = ? ORDER BY changed_on"
    return run.rows(sql, [zuora_id])


def test_an_account_that_leaves_zuora_in_a_sync_that_fails_has_left_in_the_next_one_unless_it_returns(org, sync):
    (zuora_id, _), (returned, salesforce_id) = plain_accounts(org, 2)
    sync.first_day(fields=FIELDS)
    for id_ in (zuora_id, returned):
        org.delete_zuora_account(id_)
    sync.fails(day="2026-03-02", guards={"min_match_rate": 1.0})
    org.add_zuora_account(Id=returned, CrmId=salesforce_id, Name="Back again", kind="plain")
    run = sync(day="2026-03-03", guards={})
    assert statuses(run, zuora_id) == [("2026-03-01", "matched"), ("2026-03-03", "gone")]
    assert zuora_id in run.attributes("Industry", "NOT is_current")
    assert zuora_id not in run.metric("ARR__c", "2026-03-03")
    assert statuses(run, returned) == [("2026-03-01", "matched")]
    assert returned in run.attributes("Industry")
    assert returned in run.metric("ARR__c", "2026-03-03")
    assert statuses(sync(day="2026-03-03"), zuora_id) == [("2026-03-01", "matched"), ("2026-03-03", "gone")]
    assert statuses(sync(day="2026-03-04"), zuora_id) == [("2026-03-01", "matched"), ("2026-03-03", "gone")]


@pytest.mark.parametrize("is_matched_again", some([False, True], 1), ids="matched again: {}".format)
def test_a_migration_finds_the_accounts_that_left_zuora_since_the_last_complete_sync(org, sync, is_matched_again):
    [(zuora_id, _)] = plain_accounts(org, 1)
    sync.first_day(fields=FIELDS)
    org.delete_zuora_account(zuora_id)
    sync.fails(day="2026-03-02", guards={"min_match_rate": 1.0})
    if is_matched_again:  # as by a sync that failed later
        sync.change_warehouse(f"DELETE FROM ops.account_matches WHERE account_id = '{zuora_id}'")
    sync.change_warehouse("DROP TABLE ops.removed_accounts; UPDATE ops.warehouse SET schema_version = 7")
    run = sync(day="2026-03-03", guards={})
    assert statuses(run, zuora_id) == [("2026-03-01", "matched"), ("2026-03-03", "gone")]
    assert zuora_id in run.attributes("Industry", "NOT is_current")
    assert run.rows("SELECT count(*) FROM insights.matched_accounts WHERE account_id = ?", [zuora_id]) == [(0,)]


def test_a_first_match_is_a_change_only_for_fields_synced_before(org, sync):
    (zuora_id, salesforce_id), *_ = plain_accounts(org, 1)
    org.update_account(salesforce_id, Industry="Energy", Rating="Hot")
    org.update_zuora_account(zuora_id, CrmId=None)
    sync(day="2026-03-01", fields=FIELDS)
    org.update_zuora_account(zuora_id, CrmId=salesforce_id)
    run = sync(day="2026-03-02", fields=[*FIELDS, "Rating"])
    changes = run.rows(
        "SELECT field, old_value, new_value, reason FROM insights.attribute_changes WHERE account_id = ?", [zuora_id]
    )
    assert changes == [("Industry", None, "Energy", "first_match")]
    history = run.rows(
        "SELECT field, value, valid_from::VARCHAR FROM insights.attribute_history WHERE account_id = ? ORDER BY 1",
        [zuora_id],
    )
    assert history == [("Industry", "Energy", "2026-03-02"), ("Rating", "Hot", "2026-03-02")]


def test_match_history_counts_every_account_on_every_day(org, sync):
    sync.first_day(fields=FIELDS)
    first = len(Truth(org).zuora)
    org.pass_day()
    run = sync(day="2026-03-02")
    counted = dict(run.rows("SELECT day::VARCHAR, sum(accounts)::INTEGER FROM ops.match_history GROUP BY day"))
    assert counted == {"2026-03-01": first, "2026-03-02": len(Truth(org).zuora)}


def test_the_number_of_accounts_sharing_a_salesforce_account_follows_joins_and_leaves(days):
    zuora_id, _ = days.shared
    sql = "SELECT accounts_sharing FROM insights.matched_accounts WHERE account_id = ?"
    assert [run.rows(sql, [zuora_id]) for run in (days.first, days.second, days.third)] == [[(1,)], [(2,)], [(1,)]]
