"""A warehouse that missed days and then backfilled shows what one shows that synced every day."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from sf_insights_tests.pipeline.history.conftest import day
from sf_insights_tests.pipeline.pipeline import Run
from sf_insights_tests.soak import IS_SOAK

DAYS = 60 if IS_SOAK else 3
FIELDS = [
    "Name",
    "Industry",
    "Rating",
    "Type",
    "OwnerId",
    "SLA__c",
    "Is_Key__c",
    {"field": "AnnualRevenue", "as": "metric"},
    {"field": "NumberOfEmployees", "as": "metric"},
    {"field": "ARR__c", "as": "metric"},
    {"field": "Score__c", "as": "metric"},
]
# The accounts that stood for the same Salesforce Account on all days.
STEADY = """
SELECT account_id FROM insights.account_attributes
WHERE is_current AND account_id NOT IN (
    SELECT account_id FROM ops.match_changes WHERE changed_on > $first
    UNION ALL SELECT account_id FROM ops.link_changes)
"""


def points(run: Run, since: str) -> dict[tuple[Any, ...], Any]:
    """Each point of a metric from a day on."""
    rows = run.rows(
        "SELECT account_id, metric, date, exact_value, currency FROM insights.account_metrics WHERE date >= ?", [since]
    )
    found = {(account, metric, on): (value, currency) for account, metric, on, value, currency in rows}
    assert len(found) == len(rows)
    return found


def changes(run: Run, since: str) -> dict[tuple[Any, ...], Any]:
    """Each change of an attribute or metric after a day."""
    found = {}
    rows = run.rows(
        """SELECT account_id, field, changed_on, old_value, new_value FROM insights.attribute_changes
           WHERE changed_on > $since
           UNION ALL
           SELECT account_id, metric, changed_on, old_exact_value::VARCHAR, new_exact_value::VARCHAR
           FROM insights.metric_changes WHERE changed_on > $since""",
        {"since": since},
    )
    for account, field, on, old, new in rows:
        assert (account, field, on) not in found
        found[account, field, on] = (old, new)
    return found


def values(run: Run, since: str) -> dict[tuple[Any, ...], Any]:
    """Each attribute's value on each day, from attribute_history."""
    rows = run.rows(
        """SELECT account_id, field, day::DATE, value
           FROM insights.attribute_history, generate_series($since::DATE, $until::DATE, INTERVAL 1 DAY) AS days(day)
           WHERE valid_from <= day AND (valid_to > day OR valid_to IS NULL)""",
        {"since": since, "until": day(DAYS)},
    )
    found = {(account, field, on): value for account, field, on, value in rows}
    assert len(found) == len(rows)
    return found


class Known:
    """The first known day of each account and field, from the recorded reasons."""

    def __init__(self, run: Run) -> None:
        rows = run.rows("SELECT account_id, field, known_from FROM ops.history_gaps")
        self._days: dict[tuple[str | None, str], date] = {(account, field): known for account, field, known in rows}

    def day(self, account: str, field: str) -> date:
        return self._days.get((account, field), self._days[None, field])


@pytest.mark.slow
def test_a_backfilled_warehouse_agrees_with_one_that_synced_every_day(org, warehouses):
    every, last, some = (warehouses(name) for name in ("every", "last", "some"))
    synced = set(range(0, DAYS + 1, 7)) | {30, 31, 33, DAYS}
    for number in range(DAYS + 1):
        if number:
            org.pass_day()
        org.update_account(org.accounts()[number]["Id"], Industry="Media", AnnualRevenue=1000 + number)
        for pipeline in (every, some) if number in synced else (every,):
            pipeline.configure(fields=FIELDS)
            if number:
                pipeline.use()(day(number))
            else:
                pipeline.use().once(day(0), "the first account changed")
    last.use()(day(DAYS), fields=FIELDS)
    last.backfill()
    some.use().backfill()
    truth = every.look()
    for run in (last.look(), some.look()):
        steady = {account for (account,) in truth.rows(STEADY, {"first": day(0)})}
        steady &= {
            account for (account,) in run.rows("SELECT account_id FROM insights.account_attributes WHERE is_current")
        }
        assert len(steady) > 50
        known = Known(run)
        for of in (points, values, changes):
            expected, found = (
                {key: value for key, value in of(one, day(0)).items() if key[0] in steady and _counts(known, of, key)}
                for one in (truth, run)
            )
            assert found == expected
            assert expected


def _counts(known: Known, of: Callable[..., Any], key: tuple[Any, ...]) -> bool:
    """Whether history knows the day; of a change, also the day before."""
    account, field, on = key
    return bool(on > known.day(account, field) if of is changes else on >= known.day(account, field))


@pytest.mark.soak  # the model of random days ends with a backfill and shows it too
@pytest.mark.slow
def test_what_syncs_saw_never_changes(org, sync):
    sync.configure(daily_at="00:30")
    for number in range(5):
        if number:
            org.pass_day()
        if number in (0, 1, 4):
            sync(day(number), fields=FIELDS)
    seen = "SELECT * FROM {} WHERE source = 'sync' ORDER BY ALL"
    tables = ("ops.attribute_changes", "ops.metric_history", "ops.metric_summary", "insights.field_days")
    before = [sync.read_warehouse(seen.format(table)) for table in tables]
    of_syncs = "SELECT * FROM insights.account_metrics WHERE source = 'sync' ORDER BY ALL"
    points_before = sync.read_warehouse(of_syncs)
    sync.backfill()
    assert [sync.read_warehouse(seen.format(table)) for table in tables] == before
    assert sync.read_warehouse(of_syncs) == points_before
    filled = sync.read_warehouse("SELECT DISTINCT date FROM insights.field_days WHERE source = 'history'")
    assert {str(on) for (on,) in filled} >= {day(2), day(3), "2026-02-28"}
