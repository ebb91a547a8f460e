"""A field that was not selected for some days, on which accounts got another Salesforce Account or their first."""

import pytest

from sf_insights_tests.pipeline.history.conftest import DAILY_AT, day

FIELDS = ["Name", "Industry"]


@pytest.fixture
def accounts(org, sync):
    """Three matched accounts of Salesforce Accounts with other industries, before Industry is deselected."""
    run = sync.first_day(daily_at=DAILY_AT, fields=FIELDS)
    rows = run.rows(
        """SELECT account_id, salesforce_account_id, "Industry" FROM insights.matched_accounts
           JOIN insights.account_attributes USING (account_id, salesforce_account_id)
           WHERE match_status = 'matched' AND accounts_sharing = 1 AND "Industry" IS NOT NULL ORDER BY ALL"""
    )
    for _, id_, _ in rows:
        org.remove_history(id_)
    org.add_history(rows[-1][1], "Industry", "2025-01-01T12:00:00.000Z", None, None)
    other = next(row for row in rows if row[2] != rows[0][2])
    org.pass_day()
    sync(day(1), fields=["Name"])
    return rows[0], other, next(row for row in rows[1:] if row[2] not in (rows[0][2], other[2]))


def selected_again(org, sync):
    """Sync a day more without the field and one with it, and fill the days between."""
    org.pass_day()
    sync(day(2))
    org.pass_day()
    sync(day(3), fields=FIELDS)
    sync.backfill()
    return sync.look()


def history(run, account):
    sql = """SELECT valid_from, value, source FROM insights.attribute_history
             WHERE account_id = ? AND field = 'Industry' AND valid_from > ? ORDER BY valid_from"""
    return [(str(on), *rest) for on, *rest in run.rows(sql, [account, day(0)])]


def changes(run, account):
    sql = """SELECT changed_on, old_value, new_value, reason, source FROM insights.attribute_changes
             WHERE account_id = ? AND field = 'Industry' AND changed_on > ? ORDER BY changed_on"""
    return [(str(on), *rest) for on, *rest in run.rows(sql, [account, day(0)])]


def test_a_new_link_a_merge_and_a_first_match_are_on_their_days(org, sync, accounts):
    (account, _, industry), (_, other, others), (merged, loser, former) = accounts
    org.update_zuora_account(account, CrmId=other)
    org.merge_accounts(other, loser)
    id_ = org.add_account(Name="New", Industry="Energy")
    org.add_zuora_account(CrmId=id_)
    run = selected_again(org, sync)
    assert changes(run, account) == [(day(2), industry, others, "relinked", "history")]
    assert history(run, account) == [(day(2), others, "history")]
    assert changes(run, merged) == [(day(2), former, others, "merged", "history")]
    assert history(run, merged) == [(day(2), others, "history")]
    [(first,)] = run.rows("SELECT account_id FROM insights.matched_accounts WHERE salesforce_account_id = ?", [id_])
    assert changes(run, first) == [(day(2), None, "Energy", "first_match", "history")]
    assert history(run, first) == [(day(2), "Energy", "history")]


@pytest.mark.soak
def test_another_salesforce_account_with_the_same_value(org, sync, accounts):
    (account, _, industry), (_, other, _), _ = accounts
    org.update_account(other, Industry=industry)
    org.remove_history(other)
    org.update_zuora_account(account, CrmId=other)
    run = selected_again(org, sync)
    assert changes(run, account) == []
    assert history(run, account) == []
    held = run.rows('SELECT "Industry" FROM insights.account_attributes WHERE account_id = ?', [account])
    assert held == [(industry,)]


@pytest.mark.soak
def test_another_salesforce_account_whose_history_begins_later(org, sync, accounts):
    """Between the two, the value is not known: the account's own is no longer its, and the other's not told."""
    (account, _, industry), (_, other, _), _ = accounts
    org.update_zuora_account(account, CrmId=other)
    org.pass_day()
    sync(day(2))
    org.update_account(other, Industry="Unseen")
    org.remove_history(other)
    org.add_history(other, "Industry", f"{day(2)}T12:00:00.000Z", None, None)
    org.pass_day()
    org.update_account(other, Phone="1")  # the last sync saw its changes until then
    sync(day(3))
    org.pass_day()
    sync(day(4), fields=FIELDS)
    sync.backfill()
    run = sync.look()
    assert changes(run, account) == [
        (day(2), industry, None, "relinked", "sync"),
        (day(3), None, "Unseen", "value_changed", "history"),
    ]
    assert history(run, account) == [(day(2), None, "sync"), (day(3), "Unseen", "history")]
