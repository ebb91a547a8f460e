"""sf-insights rejected, and status --max-age as a monitor calls it."""

import csv

import pytest


def test_it_lists_each_rejected_value(org, sf_insights, tmp_path):
    account = org.add_account(AnnualRevenue=1e30)
    sf_insights("sync")
    [row] = sf_insights("rejected", "--json").json
    assert (row["field"], row["salesforce_account_id"], row["text"]) == ("AnnualRevenue", account, "1.0E30")
    said = sf_insights("rejected")
    assert said.code == 0
    assert "1.0E30" in said.out
    assert sf_insights("rejected", "--csv", str(tmp_path / "rejected.csv")).code == 0
    with (tmp_path / "rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [line["text"] for line in csv.DictReader(file)] == ["1.0E30"]


def test_it_says_when_there_are_no_rejected_values(synced):
    assert "rejected no values" in synced("rejected").out


@pytest.mark.parametrize(("age", "code"), [("26h", 0), ("2d", 0), ("0m", 1)])
def test_status_fails_when_the_snapshot_is_older_than_allowed(synced, age, code):
    said = synced("status", "--max-age", age)
    assert said.code == code
    assert ("which is older than --max-age" in said.err) is bool(code)


def test_an_age_without_a_unit_is_refused(synced):
    said = synced("status", "--max-age", "26")
    assert said.code == 2
    assert "26h" in said.err
