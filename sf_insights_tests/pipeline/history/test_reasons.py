"""Where the history of a field ends, and the reason that is recorded for it."""

from dataclasses import dataclass
from typing import Any

import pytest

from sf_insights_tests.pipeline.history.conftest import DAILY_AT, day
from sf_insights_tests.pipeline.pipeline import Pipeline
from sf_insights_tests.soak import some

FIELDS = ["Industry", "OwnerId", {"field": "AnnualRevenue", "as": "metric"}]
# In the first sync's past, and after every change that the org invents for the account.
EARLY, LATE = "2025-12-20T12:00:00.000Z", "2025-12-28T12:00:00.000Z"


@dataclass
class Case:
    """A warehouse after its first sync, and one account of it."""

    org: Any
    sync: Pipeline
    account: str
    salesforce_id: str
    industry: str

    def change(self, stamp: str, old: str | None, new: str | None, field: str = "Industry", **more: Any) -> None:
        """Let AccountHistory have a change of the account."""
        self.org.add_history(self.salesforce_id, field, stamp, old, new, **more)

    def gap(self, field: str = "Industry") -> tuple[str, str] | None:
        """Backfill; return the first known day of the account and why there is no earlier one."""
        self.sync.backfill()
        sql = "SELECT known_from, reason FROM ops.history_gaps WHERE account_id = ? AND field = ?"
        rows = self.sync.look().rows(sql, [self.account, field])
        return (str(rows[0][0]), rows[0][1]) if rows else None

    def values(self, field: str = "Industry") -> dict[str, str | None]:
        """The value from each day on, by attribute_history."""
        sql = "SELECT valid_from, value FROM insights.attribute_history WHERE account_id = ? AND field = ?"
        return {str(since): value for since, value in self.sync.look().rows(sql, [self.account, field])}

    def points(self) -> dict[str, float]:
        sql = "SELECT date, value FROM insights.account_metrics WHERE account_id = ? AND metric = 'AnnualRevenue'"
        return {str(on): value for on, value in self.sync.look().rows(sql, [self.account])}


@pytest.fixture
def case(org, sync):
    """An old account without history, alone with its Salesforce Account, in a warehouse of one sync."""
    run = sync.first_day(daily_at=DAILY_AT, fields=FIELDS)
    # Its last change that a sync saw is after those of the tests.
    old = {
        row["Id"]: row
        for row in org.accounts()
        if row["CreatedDate"] < "2023" and row["Industry"] and row["SystemModstamp"] > "2026"
    }
    found = run.rows(
        "SELECT account_id, salesforce_account_id FROM insights.matched_accounts "
        "WHERE match_status = 'matched' AND accounts_sharing = 1 ORDER BY ALL"
    )
    account, id_ = next((account, id_) for account, id_ in found if id_ in old)
    org.remove_history(id_)
    # The first change in the org, from which on the tracking of each field is known.
    other = found[-1][1]
    assert other != id_
    for field in ("Industry", "AnnualRevenue", "OwnerId"):
        org.add_history(other, field, "2025-01-01T12:00:00.000Z", None, None)
    return Case(org, sync, account, id_, old[id_]["Industry"])


def test_a_complete_chain_has_no_gap(case):
    case.change(EARLY, "Old", "Middle")
    case.change(LATE, "Middle", case.industry)
    assert case.gap() is None
    (_, oldest), *later = sorted(case.values().items())
    assert oldest == "Old"
    assert later == [("2025-12-21", "Middle"), ("2025-12-29", case.industry)]


def test_a_change_that_does_not_lead_to_todays_value(case):
    case.change(EARLY, "Old", "Elsewhere")
    assert case.gap() == (day(0), "chain_broken")
    assert case.values() == {day(0): case.industry}


def test_a_change_that_was_not_recorded_between_two(case):
    case.change(EARLY, "Old", "Middle")
    case.change(LATE, "Other", case.industry)
    # The second change began with its old value, but since when is not known.
    assert case.gap() == ("2025-12-29", "chain_broken")


def test_a_missing_old_value(case):
    case.change(EARLY, "Old", "Middle")
    case.change("2025-12-25T12:00:00.000Z", None, "Later")
    case.change(LATE, "Later", case.industry)
    assert case.gap() == ("2025-12-26", "chain_broken")
    assert case.values() == {"2025-12-26": "Later", "2025-12-29": case.industry}


def test_a_change_without_its_values(case):
    case.change(EARLY, None, None)
    assert case.gap() == ("2025-12-21", "not_recorded")
    assert case.values() == {"2025-12-21": case.industry}


def test_a_value_that_does_not_fit_the_type(case):
    revenue = next(row["AnnualRevenue"] for row in case.org.accounts() if row["Id"] == case.salesforce_id)
    case.change(EARLY, "a lot", None if revenue is None else repr(revenue), "AnnualRevenue", type_="string")
    assert case.gap("AnnualRevenue") == ("2025-12-21", "does_not_cast")
    assert not {on for on in case.points() if on < "2025-12-21"}


def test_an_account_that_was_created_later(case):
    created = {
        row["Id"]: row["CreatedDate"]
        for row in case.org.accounts()
        if row["CreatedDate"] > "2025-02" and row["CreatedDate"][11:16] > DAILY_AT
    }
    case.sync.backfill()
    rows = case.sync.look().rows(
        "SELECT salesforce_account_id, known_from - 1 FROM ops.history_gaps "
        "WHERE field = 'Industry' AND reason = 'before_creation'"
    )
    found = {id_: str(before) for id_, before in rows if id_ in created}
    assert found
    assert found == {id_: created[id_][:10] for id_ in found}


def test_the_day_on_which_tracking_began(case):
    case.org.remove_history(before="2025-12-20T00:00:00.000Z")
    case.change(EARLY, "Old", case.industry)
    case.sync.backfill("Industry")
    rows = case.sync.look().rows("SELECT known_from, reason FROM ops.history_gaps WHERE account_id IS NULL")
    assert [(str(on), reason) for on, reason in rows] == [("2025-12-21", "tracking_began")]
    assert case.values() == {"2025-12-21": case.industry}


def test_the_day_that_was_asked_for(case):
    case.sync.backfill(since="2026-02-26")
    rows = case.sync.look().rows("SELECT DISTINCT known_from, reason FROM ops.history_gaps WHERE account_id IS NULL")
    assert [(str(on), reason) for on, reason in rows] == [("2026-02-26", "since")]


def test_history_older_than_salesforce_keeps_it(case):
    case.change("2023-01-01T12:00:00.000Z", "Old", case.industry)
    case.sync.backfill("Industry")
    rows = case.sync.look().rows("SELECT known_from, reason FROM ops.history_gaps WHERE account_id IS NULL")
    assert [(str(on), reason) for on, reason in rows] == [("2024-03-01", "not_kept")]


def test_changes_that_are_older_than_the_first_kept_day_set_its_value(case):
    case.change("2022-06-01T12:00:00.000Z", "Oldest", "Old")
    case.change("2023-01-01T12:00:00.000Z", "Old", "Middle")
    case.change(LATE, "Middle", case.industry)
    assert case.gap() is None
    assert case.values() == {"2024-03-01": "Middle", "2025-12-29": case.industry}


def test_an_account_with_only_changes_older_than_the_first_kept_day_has_one_value(case):
    case.change("2023-01-01T12:00:00.000Z", "Old", case.industry)
    assert case.gap() is None
    assert case.values() == {"2024-03-01": case.industry}


def test_a_sync_that_saw_another_value(case):
    case.org.pass_day()
    case.org.untrack_field("Industry")
    case.org.update_account(case.salesforce_id, Industry="Unseen")
    case.org.track_field("Industry")
    case.sync(day(2))
    # When it changed between the two syncs is not known.
    assert case.gap() == (day(2), "sync_saw_another")
    assert case.values() == {day(0): case.industry, day(2): "Unseen"}


def test_several_syncs_that_saw_another_value(case):
    case.org.pass_day()
    case.sync(day(1))
    case.org.pass_day()
    case.org.untrack_field("Industry")
    case.org.update_account(case.salesforce_id, Industry="Unseen")
    case.org.track_field("Industry")
    case.sync(day(3))
    assert case.gap() == (day(3), "sync_saw_another")
    assert case.values() == {day(0): case.industry, day(3): "Unseen"}


def test_an_account_that_stood_for_another_salesforce_account(case):
    matched = "SELECT salesforce_account_id FROM insights.matched_accounts WHERE match_status = 'matched'"
    other = next(id_ for (id_,) in case.sync.look().rows(matched) if id_ != case.salesforce_id)
    case.org.pass_day()
    case.org.update_zuora_account(case.account, CrmId=other)
    case.sync(day(1))
    assert case.gap() == (day(1), "other_account")


def test_an_account_that_was_not_matched(case):
    [(number,)] = case.sync.look().rows(
        "SELECT account_id FROM insights.matched_accounts WHERE match_status = 'no_crm_account_id' ORDER BY 1 LIMIT 1"
    )
    case.org.update_zuora_account(number, CrmId=case.salesforce_id)
    case.sync(day(1))
    case.account = number
    assert case.gap() == (day(1), "not_matched")


def test_an_account_that_is_not_matched_now(case):
    case.org.update_zuora_account(case.account, CrmId=None)
    case.sync(day(1))
    assert case.gap() == (day(1), "not_matched_now")


def test_an_account_that_is_purged_after_the_sync(case):
    case.org.purge_account(case.salesforce_id)
    assert case.gap() == (day(0), "account_gone")


def test_changes_of_one_second_are_put_in_order(case):
    case.change(EARLY, "Middle", case.industry)
    case.change(EARLY, "Old", "Middle")
    case.change("2025-12-19T12:00:00.000Z", "Oldest", "Old")
    assert case.gap() is None
    assert [value for since, value in sorted(case.values().items()) if since > "2025-12-19"] == ["Old", case.industry]


def test_changes_of_one_second_that_cancel_each_other_out(case):
    case.change(EARLY, case.industry, "Middle")
    case.change(EARLY, "Middle", case.industry)
    assert case.gap() is None
    assert set(case.values().values()) == {case.industry}


def test_changes_after_the_last_sync_are_not_its_past(case):
    case.change(EARLY, "Old", case.industry)
    case.org.update_account(case.salesforce_id, Industry="Later")
    assert case.gap() is None
    assert [value for _, value in sorted(case.values().items())] == ["Old", case.industry]


def test_a_lookup_is_walked_back_by_its_ids(case):
    owner = next(row["OwnerId"] for row in case.org.accounts() if row["Id"] == case.salesforce_id)
    former = next(row["OwnerId"] for row in case.org.accounts() if row["OwnerId"] != owner)
    case.change(EARLY, former, owner, "OwnerId")
    assert case.gap("OwnerId") is None
    assert [value for _, value in sorted(case.values("OwnerId").items())] == [former, owner]


NUMBERS = [
    ("1.5E7", 15_000_000.0),
    ("123456789012345.678", 123456789012345.678),
    ("1.0E-5", 0.00001),
    ("0.0", 0.0),
    ("1234.5", 1234.5),
    ("1234567890123456.5", 1234567890123456.5),
    ("0.123456789", 0.123456789),
]


@pytest.mark.parametrize(("text", "value"), some(NUMBERS, 3))
def test_a_number_in_any_form_is_read(case, text, value):
    revenue = next(row["AnnualRevenue"] for row in case.org.accounts() if row["Id"] == case.salesforce_id)
    case.change(EARLY, text, None if revenue is None else repr(revenue), "AnnualRevenue")
    assert case.gap("AnnualRevenue") is None
    assert case.points()["2025-12-20"] == value


def test_the_first_known_value_after_a_gap_is_a_change(case):
    case.org.pass_day()
    case.org.update_account(case.salesforce_id, Industry="Recorded")
    case.org.untrack_field("Industry")
    case.org.update_account(case.salesforce_id, Industry="Unseen")
    case.org.pass_day()
    case.org.track_field("Industry")
    case.org.update_account(case.salesforce_id, Industry="Seen")
    for _ in range(2):
        case.org.pass_day()
    case.sync(day(4))
    assert case.gap() == (day(2), "chain_broken")
    assert case.values() == {day(0): case.industry, day(2): "Seen"}
    changes = "SELECT changed_on, previous_synced_on, source FROM insights.attribute_changes WHERE account_id = ?"
    [(changed_on, before, source)] = case.sync.look().rows(changes, [case.account])
    assert (str(changed_on), str(before), source) == (day(2), day(0), "history")
