"""The history equals what was published at the time, in texts that cast back to the values."""

import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.pipeline.pipeline import Pipeline, Run
from sf_insights_tests.pipeline.truth import ATTRIBUTES, Truth

DAYS = ("2026-03-01", "2026-03-02", "2026-03-03")
CHANGED = {
    "Industry": "Energy",
    "Description": 'Two lines,\nand a "quote"; Größe 産業',
    "Website": "https://example.com/?a=1&b='2'",
    "Regions__c": "EMEA;APAC",
    "ERP_Id__c": "0007",
    "SLAExpirationDate__c": "2031-01-02",
    "Support_Open__c": "07:30:00.000Z",
    "NumberofLocations__c": 12,
    "BillingLatitude": -1.25,
}


@dataclass
class Past:
    """The last run, and the data published on each day."""

    run: Run
    seen: dict[str, Path]


@pytest.fixture
def past(org, sync):
    """Three days of every kind of attribute, with accounts that change, come, go, merge and get new links."""
    seen = {day: sync.data / f"seen_{day[-2:]}.duckdb" for day in DAYS}

    def live_on():
        shutil.copyfile(sync.snapshot, seen[DAYS[0]])
        for number, day in enumerate(DAYS[1:], start=1):
            org.pass_day()
            salesforce_id = list(Truth(org).matches().values())[number]
            is_key = Truth(org).accounts[salesforce_id]["Is_Key__c"]
            org.update_account(salesforce_id, **CHANGED, Is_Key__c=not is_key)
            shutil.copyfile(sync(day=day).snapshot, seen[day])

    sync.configure(fields=list(ATTRIBUTES))
    return Past(sync.once(DAYS[0], "two more days", live_on), seen)


@pytest.fixture
def attached(past):
    """The snapshots attached as `latest` and `seen_01`, by an analyst in another time zone."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Kolkata'")
        connection.execute(f"ATTACH '{past.run.snapshot}' AS latest (READ_ONLY)")
        for path in past.seen.values():
            connection.execute(f"ATTACH '{path}' AS {path.stem} (READ_ONLY)")
        yield connection


def types(connection):
    described = connection.execute("DESCRIBE latest.insights.account_attributes").fetchall()
    return {name: type_ for name, type_, *_ in described if name in ATTRIBUTES}


def test_both_values_of_a_change_cast_back_to_the_published_values(attached):
    found = types(attached)
    assert found.keys() == ATTRIBUTES.keys()
    changed = set()
    for name, type_ in found.items():
        for before, after in itertools.pairwise(DAYS):
            rows = attached.execute(
                f"""SELECT CAST(change.old_value AS {type_}) IS NOT DISTINCT FROM old."{name}",
                           CAST(change.new_value AS {type_}) IS NOT DISTINCT FROM new."{name}"
                    FROM latest.insights.attribute_changes AS change
                    LEFT JOIN seen_{before[-2:]}.insights.account_attributes AS old USING (account_id)
                    JOIN seen_{after[-2:]}.insights.account_attributes AS new USING (account_id)
                    WHERE change.field = ? AND change.changed_on = ?""",
                [name, after],
            ).fetchall()
            assert set(rows) <= {(True, True)}, (name, after)
            changed |= {name} if rows else set()
    assert changed >= {*CHANGED, "Is_Key__c", "CreatedDate"}  # the latter from an account with a new link


def test_the_history_on_a_day_equals_what_was_published_that_day(attached):
    for name, type_ in types(attached).items():
        for day in DAYS:
            different = attached.execute(
                f"""SELECT account_id, seen."{name}", history.value
                    FROM seen_{day[-2:]}.insights.account_attributes AS seen
                    FULL JOIN (
                        SELECT account_id, CAST(value AS {type_}) AS value FROM latest.insights.attribute_history
                        WHERE field = $field AND valid_from <= $day AND (valid_to > $day OR valid_to IS NULL)
                    ) AS history USING (account_id)
                    WHERE seen."{name}" IS DISTINCT FROM history.value
                       OR seen.salesforce_account_id IS NULL OR account_id IS NULL""",
                {"field": name, "day": day},
            ).fetchall()
            assert different == [], (name, day)


def test_a_change_to_or_from_null_is_recorded(org, sync):
    zuora_id, salesforce_id = next(iter(Truth(org).matches().items()))
    for day, rating in zip(DAYS, ("Hot", None, "Cold"), strict=True):
        org.update_account(salesforce_id, Rating=rating)
        run = sync(day=day, fields=["Rating"])
    changes = run.rows(
        "SELECT old_value, new_value FROM insights.attribute_changes WHERE account_id = ? ORDER BY changed_on",
        [zuora_id],
    )
    assert changes == [("Hot", None), (None, "Cold")]


def test_a_change_by_a_power_of_ten_with_a_new_scale_is_noticed(org, sync):
    """DuckDB hashes 0.2500 in a column of scale 4 like 25.00 in a column of scale 2."""
    zuora_id, salesforce_id = next(iter(Truth(org).matches().items()))
    org.change_field("ARR__c", precision=18, scale=4)
    org.update_account(salesforce_id, ARR__c=0.25)
    sync(day="2026-03-01", fields=["Industry", "ARR__c"])
    sync(day="2026-03-02", fields=["Industry"])
    org.change_field("ARR__c", precision=18, scale=2)
    org.update_account(salesforce_id, ARR__c=25.0)
    run = sync(day="2026-03-03", fields=["Industry", "ARR__c"])
    assert float(run.attributes("ARR__c")[zuora_id]) == 25.0
    changes = run.rows("SELECT old_value, new_value FROM insights.attribute_changes WHERE account_id = ?", [zuora_id])
    assert [tuple(map(float, change)) for change in changes] == [(0.25, 25.0)]


def test_a_currency_field_hidden_in_the_org_is_null_on_every_account(dagster_home, tmp_path, monkeypatch):
    with DemoOrg.started(tmp_path / "org", accounts=200, multi_currency=True) as org:
        for name, value in org.environment.items():
            monkeypatch.setenv(name, value)
        sync = Pipeline(tmp_path / "data", dagster_home, monkeypatch)
        fields = ["Industry", {"field": "ARR__c", "as": "metric"}]
        first = sync(day="2026-03-01", fields=fields)
        assert first.rows("SELECT count(DISTINCT currency) > 1 FROM insights.account_attributes") == [(True,)]
        org.hide_field("CurrencyIsoCode")
        run = sync(day="2026-03-02")
    assert run.rows("SELECT DISTINCT currency FROM insights.account_attributes WHERE is_current") == [(None,)]
    assert run.rows("SELECT DISTINCT currency FROM insights.metric_history WHERE valid_to IS NULL") == [(None,)]
