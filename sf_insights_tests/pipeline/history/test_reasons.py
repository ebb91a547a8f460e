"""Where the history of a field ends, and the reason that is recorded for it."""

from dataclasses import dataclass
from typing import Any

import pytest

from sf_insights_tests.pipeline.history.conftest import DAILY_AT, day
from sf_insights_tests.pipeline.history.test_chains import (
    EARLY,
    FIELDS,
    begin_tracking,
    gap_of,
    old_accounts,
    values_of,
)
from sf_insights_tests.pipeline.pipeline import Pipeline


@dataclass
class Case:
    """A warehouse after its first sync, and one account of it."""

    org: Any
    sync: Pipeline
    account: str
    salesforce_id: str
    industry: str

    def change(self, stamp: str, old: str | None, new: str | None) -> None:
        """Let AccountHistory have a change of the account."""
        self.org.add_history(self.salesforce_id, "Industry", stamp, old, new)

    def gap(self) -> tuple[str, str] | None:
        """Backfill; return the first known day of the account and why there is no earlier one."""
        self.sync.backfill()
        return gap_of(self.sync.look(), self.account)

    def values(self) -> dict[str, str | None]:
        """The value from each day on, by attribute_history."""
        return values_of(self.sync.look(), self.account)


@pytest.fixture
def case(org, sync):
    """An old account without history, alone with its Salesforce Account, in a warehouse of one sync."""
    run = sync.first_day(daily_at=DAILY_AT, fields=FIELDS)
    (account, held), *_, (_, other) = old_accounts(org, run).items()
    org.remove_history(held["Id"])
    begin_tracking(org, other["Id"])
    return Case(org, sync, account, held["Id"], held["Industry"])


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


def test_a_sync_that_saw_another_value(case):
    case.org.pass_day()
    case.org.untrack_field("Industry")
    case.org.update_account(case.salesforce_id, Industry="Unseen")
    case.org.track_field("Industry")
    case.sync(day(2))
    # When it changed between the two syncs is not known.
    assert case.gap() == (day(2), "sync_saw_another")
    assert case.values() == {day(0): case.industry, day(2): "Unseen"}


def test_accounts_that_were_or_are_matched_in_another_way(case):
    matched = "SELECT account_id, salesforce_account_id FROM insights.matched_accounts WHERE match_status = ?"
    run = case.sync.look()
    rows = [row for row in run.rows(f"{matched} ORDER BY ALL", ["matched"]) if row[1] != case.salesforce_id]
    (left, _), (_, other) = rows[0], rows[-1]
    [(late, _), *_] = run.rows(f"{matched} ORDER BY ALL", ["no_crm_account_id"])
    case.org.pass_day()
    case.org.update_zuora_account(left, CrmId=None)
    case.org.update_zuora_account(late, CrmId=case.salesforce_id)
    case.org.update_zuora_account(case.account, CrmId=other)
    case.sync(day(1))
    assert case.gap() == (day(1), "other_account")
    assert gap_of(case.sync.look(), late) == (day(1), "not_matched")
    assert gap_of(case.sync.look(), left) == (day(1), "not_matched_now")


@pytest.mark.soak
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
