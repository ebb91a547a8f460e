"""AccountHistory: what the org keeps of the changes of tracked fields, and how the APIs show it."""

import csv
import io
from typing import Any

import pytest

from sf_insights.demo.back_door import DemoOrgError
from sf_insights.demo.process import DemoOrg

COLUMNS = "Id, IsDeleted, AccountId, CreatedDate, Field, DataType, OldValue, NewValue"


@pytest.fixture
def history(salesforce):
    """Return the rows of an account in their order, of all fields or one."""

    def rows(id_: str, field: str | None = None, include_deleted: bool = False) -> list[dict[str, Any]]:
        soql = f"SELECT {COLUMNS} FROM AccountHistory WHERE AccountId = '{id_}'"
        soql += f" AND Field = '{field}'" if field else ""
        return list(
            salesforce.query_all(soql + " ORDER BY CreatedDate, Id", include_deleted=include_deleted)["records"]
        )

    return rows


@pytest.fixture
def id_(org: DemoOrg) -> str:
    return org.add_account(Name="Tracked", Industry="Energy", AnnualRevenue=5000000, Is_Key__c=False, Rating=None)


def test_a_change_of_a_tracked_field_is_a_row(org: DemoOrg, history, id_: str) -> None:
    org.update_account(id_, Industry="Media", Website="www.new.example")
    created, changed = history(id_)
    assert (created["Field"], created["OldValue"], created["NewValue"]) == ("created", None, None)
    assert (changed["Field"], changed["OldValue"], changed["NewValue"]) == ("Industry", "Energy", "Media")
    assert changed["CreatedDate"] == f"{org.state()['now'][:-1]}+0000"


def test_an_unchanged_value_and_a_formula_are_no_rows(org: DemoOrg, history, id_: str) -> None:
    org.update_account(id_, Industry="Energy")
    org.update_account(id_, stamped=False, AnnualRevenue=7000000)
    assert [row["Field"] for row in history(id_)] == ["created"]


def test_values_have_the_types_of_their_fields_in_json(org: DemoOrg, history, id_: str) -> None:
    org.update_account(id_, AnnualRevenue=90000000, Is_Key__c=True, Rating="Hot")
    org.update_account(id_, Last_Health_Check__c="2026-02-01T10:00:00.000Z", SLAExpirationDate__c="2027-01-31")
    found = {row["Field"]: (row["DataType"], row["OldValue"], row["NewValue"]) for row in history(id_)}
    assert found["AnnualRevenue"] == ("Currency", 5000000.0, 90000000.0)
    assert found["Is_Key__c"] == ("Boolean", False, True)
    assert found["Rating"] == ("DynamicEnum", None, "Hot")
    assert found["Last_Health_Check__c"][2] == "2026-02-01T10:00:00.000+0000"
    assert found["SLAExpirationDate__c"][2] == "2027-01-31"


def test_values_are_texts_in_a_bulk_result(org: DemoOrg, bulk, id_: str) -> None:
    org.update_account(id_, AnnualRevenue=90000000, Is_Key__c=True, Name='A "quoted" name')
    job = bulk.finished(f"SELECT Field, OldValue, NewValue FROM AccountHistory WHERE AccountId = '{id_}'")
    rows = list(csv.reader(io.StringIO(bulk.results(job).text)))
    assert ["AnnualRevenue", "5000000.0", "9.0E7"] in rows
    assert ["Is_Key__c", "false", "true"] in rows
    assert ["Name", "Tracked", 'A "quoted" name'] in rows


def test_a_lookup_has_a_row_of_names_and_one_of_ids(org: DemoOrg, salesforce, history, id_: str) -> None:
    user = salesforce.query("SELECT Id, Name FROM User WHERE IsActive = true ORDER BY Name LIMIT 1")["records"][0]
    org.update_account(id_, OwnerId=user["Id"])
    names, ids = history(id_, "Owner")
    assert (names["DataType"], names["NewValue"]) == ("Text", user["Name"])
    assert (ids["DataType"], ids["NewValue"]) == ("EntityId", user["Id"])


@pytest.mark.parametrize(("field", "value"), [("Description", "A long text"), ("Regions__c", "AMER;APAC")])
def test_long_texts_and_multi_select_picklists_have_no_values(
    org: DemoOrg, history, id_: str, field: str, value: str
) -> None:
    for changed in (None, value):
        org.edit("Account", id_, **{field: changed})
    assert {(row["OldValue"], row["NewValue"]) for row in history(id_, field)} == {(None, None)}


def test_tracking_begins_when_it_is_switched_on_and_ends_when_it_is_off(org: DemoOrg, history, id_: str) -> None:
    org.update_account(id_, NPS__c=1)
    org.track_field("NPS__c")
    org.update_account(id_, NPS__c=2)
    org.untrack_field("NPS__c")
    org.update_account(id_, NPS__c=3)
    assert [(row["OldValue"], row["NewValue"]) for row in history(id_, "NPS__c")] == [(1.0, 2.0)]


@pytest.mark.parametrize("field", ["Revenue_Per_Employee__c", "Acct_No__c", "LastModifiedDate", "Support_Open__c"])
def test_some_fields_cannot_be_tracked(org: DemoOrg, field: str) -> None:
    with pytest.raises(DemoOrgError, match="cannot be tracked"):
        org.track_field(field)


def test_at_most_twenty_fields_are_tracked(org: DemoOrg) -> None:
    for field in ("NPS__c", "Margin__c", "Balance__c", "Exposure__c"):
        org.track_field(field)
    with pytest.raises(DemoOrgError, match="tracks 20 fields already"):
        org.track_field("Phone")


def test_rows_follow_their_account_to_the_recycle_bin_and_are_purged_with_it(org: DemoOrg, history, id_: str) -> None:
    org.update_account(id_, Industry="Media")
    org.delete_account(id_)
    assert history(id_) == []
    assert {row["IsDeleted"] for row in history(id_, include_deleted=True)} == {True}
    org.undelete_account(id_)
    assert len(history(id_)) == 2
    org.purge_account(id_)
    assert history(id_, include_deleted=True) == []


def test_a_merge_is_a_row_of_the_winner(org: DemoOrg, history, id_: str) -> None:
    loser = org.add_account(Name="Loser")
    org.merge_accounts(id_, loser)
    assert [row["Field"] for row in history(id_)] == ["created", "accountMerged"]


def test_the_past_of_an_account_leads_to_its_values(org: DemoOrg, salesforce) -> None:
    values = {row["Id"]: row for row in org.records("Account", "Id", "AnnualRevenue", "Industry", "CreatedDate")}
    rows = salesforce.query_all(
        f"SELECT {COLUMNS} FROM AccountHistory WHERE Field IN ('AnnualRevenue', 'Industry') ORDER BY CreatedDate DESC"
    )["records"]
    assert len(rows) > 50
    held = {(id_, field): row[field] for id_, row in values.items() for field in ("AnnualRevenue", "Industry")}
    for row in rows:
        key = (row["AccountId"], row["Field"])
        assert row["NewValue"] == held[key]
        assert row["CreatedDate"][:-5] >= values[row["AccountId"]]["CreatedDate"][:-5]
        held[key] = row["OldValue"]


def test_an_org_without_history_tracking_has_no_such_object(org: DemoOrg, rest) -> None:
    org.configure(account_history=False)
    answer = rest("GET", "query?q=SELECT Id FROM AccountHistory")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_TYPE")


def test_values_of_any_type_cannot_be_filtered(rest) -> None:
    answer = rest("GET", "query?q=SELECT Id FROM AccountHistory WHERE NewValue = 'Media'")
    assert answer.status_code == 400
