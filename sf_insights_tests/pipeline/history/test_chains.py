"""The changes of an account, walked back from today's value: each value that is known, and why no earlier one is.

Each case has an account of its own; all are in one warehouse, with one sync and one backfill.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.pipeline.history.conftest import DAILY_AT, day
from sf_insights_tests.pipeline.pipeline import Pipeline, Run

FIELDS = ["Industry", "OwnerId", {"field": "AnnualRevenue", "as": "metric"}]
# In the first sync's past, and after every change that the org invents for the account.
EARLY, LATE = "2025-12-20T12:00:00.000Z", "2025-12-28T12:00:00.000Z"
KEPT = "2024-03-01"  # the first day that Salesforce keeps
TODAY = "the value of today"

# The changes of an Industry (when, from, to), what is known of the first day and why, and the value from each day on.
CHAINS: dict[str, tuple[list[tuple[str, str | None, str | None]], tuple[str, str] | None, dict[str, str]]] = {
    "a complete chain": (
        [(EARLY, "Old", "Middle"), (LATE, "Middle", TODAY)],
        None,
        {KEPT: "Old", "2025-12-21": "Middle", "2025-12-29": TODAY},
    ),
    "a change that does not lead to today's value": (
        [(EARLY, "Old", "Elsewhere")],
        (day(0), "chain_broken"),
        {day(0): TODAY},
    ),
    # The second change began with its old value, but since when is not known.
    "a change that was not recorded between two": (
        [(EARLY, "Old", "Middle"), (LATE, "Other", TODAY)],
        ("2025-12-29", "chain_broken"),
        {"2025-12-29": TODAY},
    ),
    "a missing old value": (
        [(EARLY, "Old", "Middle"), ("2025-12-25T12:00:00.000Z", None, "Later"), (LATE, "Later", TODAY)],
        ("2025-12-26", "chain_broken"),
        {"2025-12-26": "Later", "2025-12-29": TODAY},
    ),
    "a change without its values": ([(EARLY, None, None)], ("2025-12-21", "not_recorded"), {"2025-12-21": TODAY}),
    "changes that are older than the first kept day": (
        [
            ("2022-06-01T12:00:00.000Z", "Oldest", "Old"),
            ("2023-01-01T12:00:00.000Z", "Old", "Middle"),
            (LATE, "Middle", TODAY),
        ],
        None,
        {KEPT: "Middle", "2025-12-29": TODAY},
    ),
    "only changes older than the first kept day": ([("2023-01-01T12:00:00.000Z", "Old", TODAY)], None, {KEPT: TODAY}),
    "changes of one second in no order": (
        [(EARLY, "Middle", TODAY), (EARLY, "Old", "Middle"), ("2025-12-19T12:00:00.000Z", "Oldest", "Old")],
        None,
        {KEPT: "Oldest", "2025-12-20": "Old", "2025-12-21": TODAY},
    ),
    "changes of one second that cancel each other out": (
        [(EARLY, TODAY, "Middle"), (EARLY, "Middle", TODAY)],
        None,
        {KEPT: TODAY},
    ),
    "a change after the last sync": ([(EARLY, "Old", TODAY)], None, {KEPT: "Old", "2025-12-21": TODAY}),
    "an account that is purged after the sync": ([], (day(0), "account_gone"), {day(0): TODAY}),
}
NUMBERS = {
    "1.5E7": 15_000_000.0,
    "123456789012345.678": 123456789012345.678,
    "1.0E-5": 0.00001,
    "0.0": 0.0,
    "1234.5": 1234.5,
    "1234567890123456.5": 1234567890123456.5,
    "0.123456789": 0.123456789,
}
WORDS, OWNER = "a lot", "a lookup"


def old_accounts(org: DemoOrg, run: Run) -> dict[str, dict[str, Any]]:
    """Return accounts alone with an old Salesforce Account, by Zuora's Id.

    The last change of each that a sync saw is after those of the tests.
    """
    old = {
        row["Id"]: row
        for row in org.accounts()
        if row["CreatedDate"] < "2023" and row["Industry"] and row["SystemModstamp"] > "2026"
    }
    found = run.rows(
        "SELECT account_id, salesforce_account_id FROM insights.matched_accounts "
        "WHERE match_status = 'matched' AND accounts_sharing = 1 ORDER BY ALL"
    )
    return {account: old[id_] for account, id_ in found if id_ in old}


def begin_tracking(org: DemoOrg, id_: str) -> None:
    """Add the first change in the org, from which on the tracking of each field is known."""
    for field in ("Industry", "AnnualRevenue", "OwnerId"):
        org.add_history(id_, field, "2025-01-01T12:00:00.000Z", None, None)


def gap_of(run: Run, account: str, field: str = "Industry") -> tuple[str, str] | None:
    """Return the first known day of an account and why there is no earlier one."""
    sql = "SELECT known_from, reason FROM ops.history_gaps WHERE account_id = ? AND field = ?"
    rows = run.rows(sql, [account, field])
    return (str(rows[0][0]), rows[0][1]) if rows else None


def values_of(run: Run, account: str, field: str = "Industry") -> dict[str, str | None]:
    """Return the value from each day on, by attribute_history."""
    sql = "SELECT valid_from, value FROM insights.attribute_history WHERE account_id = ? AND field = ?"
    return {str(since): value for since, value in run.rows(sql, [account, field])}


@dataclass
class Filled:
    """A warehouse after one sync and a backfill, with each case's account as it was in Salesforce at the sync."""

    run: Run
    accounts: dict[str, tuple[str, dict[str, Any]]]
    others: list[dict[str, Any]]

    def points(self, case: str) -> dict[str, float]:
        sql = "SELECT date, value FROM insights.account_metrics WHERE account_id = ? AND metric = 'AnnualRevenue'"
        return {str(on): value for on, value in self.run.rows(sql, [self.accounts[case][0]])}


@pytest.fixture(scope="module")
def filled(running_org, dagster_home, first_days, tmp_path_factory) -> Iterator[Filled]:
    running_org.reset()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in running_org.environment.items():
            patch.setenv(name, value)
        sync = Pipeline(tmp_path_factory.mktemp("chains") / "data", dagster_home, patch, first_days)
        run = sync.first_day(daily_at=DAILY_AT, fields=FIELDS)
        everything = running_org.accounts()
        *old, (_, other) = old_accounts(running_org, run).items()
        accounts = dict(zip([*CHAINS, *NUMBERS, WORDS, OWNER], old, strict=False))
        for case, (_, held) in accounts.items():
            running_org.remove_history(held["Id"])
            _add_changes(running_org, case, held, everything)
        begin_tracking(running_org, other["Id"])
        running_org.update_account(accounts["a change after the last sync"][1]["Id"], Industry="Later")
        running_org.purge_account(accounts["an account that is purged after the sync"][1]["Id"])
        sync.backfill()
        yield Filled(sync.look(), accounts, everything)


def _add_changes(org: DemoOrg, case: str, held: dict[str, Any], everything: list[dict[str, Any]]) -> None:
    if case in CHAINS:
        for stamp, *values in CHAINS[case][0]:
            old, new = (held["Industry"] if value == TODAY else value for value in values)
            org.add_history(held["Id"], "Industry", stamp, old, new)
    elif case == OWNER:
        former = next(row["OwnerId"] for row in everything if row["OwnerId"] != held["OwnerId"])
        org.add_history(held["Id"], "OwnerId", EARLY, former, held["OwnerId"])
    else:
        revenue = held["AnnualRevenue"]
        new = None if revenue is None else repr(revenue)
        org.add_history(held["Id"], "AnnualRevenue", EARLY, case, new, "string" if case == WORDS else None)


@pytest.mark.parametrize("case", CHAINS)
def test_the_past_is_known_until_the_chain_of_changes_breaks(filled, case):
    _, gap, values = CHAINS[case]
    account, held = filled.accounts[case]
    assert gap_of(filled.run, account) == gap
    expected = {since: held["Industry"] if value == TODAY else value for since, value in values.items()}
    assert values_of(filled.run, account) == expected


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_in_any_form_is_read(filled, text):
    assert gap_of(filled.run, filled.accounts[text][0], "AnnualRevenue") is None
    assert filled.points(text)["2025-12-20"] == NUMBERS[text]


def test_a_value_that_does_not_fit_the_type(filled):
    assert gap_of(filled.run, filled.accounts[WORDS][0], "AnnualRevenue") == ("2025-12-21", "does_not_cast")
    assert not {on for on in filled.points(WORDS) if on < "2025-12-21"}


def test_a_lookup_is_walked_back_by_its_ids(filled):
    account, held = filled.accounts[OWNER]
    former = next(row["OwnerId"] for row in filled.others if row["OwnerId"] != held["OwnerId"])
    assert gap_of(filled.run, account, "OwnerId") is None
    assert [value for _, value in sorted(values_of(filled.run, account, "OwnerId").items())] == [
        former,
        held["OwnerId"],
    ]


def test_history_older_than_salesforce_keeps_it(filled):
    sql = "SELECT known_from, reason FROM ops.history_gaps WHERE account_id IS NULL AND field = 'Industry'"
    assert [(str(on), reason) for on, reason in filled.run.rows(sql)] == [(KEPT, "not_kept")]


def test_an_account_that_was_created_later(filled):
    created = {
        row["Id"]: row["CreatedDate"]
        for row in filled.others
        if row["CreatedDate"] > "2025-02" and row["CreatedDate"][11:16] > DAILY_AT
    }
    rows = filled.run.rows(
        "SELECT salesforce_account_id, known_from - 1 FROM ops.history_gaps "
        "WHERE field = 'Industry' AND reason = 'before_creation'"
    )
    found = {id_: str(before) for id_, before in rows if id_ in created}
    assert found
    assert found == {id_: created[id_][:10] for id_ in found}
