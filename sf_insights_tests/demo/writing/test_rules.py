"""What happens at the org beside a write: stamps, counters, rules, triggers, flows, locks and rights."""

from typing import Any

from sf_insights.demo.data.accounts import INTEGRATION_USER
from sf_insights.demo.process import DemoOrg
from sf_insights_tests.demo.writing.conftest import Update, one
from sf_insights_tests.demo.writing.test_collections import codes

NEW = {"Insights_Status__c": "new"}


def test_every_write_moves_the_stamps_and_is_counted(org: DemoOrg, live: list[str], update: Update, rest: Any) -> None:
    stamps = []
    for _ in range(2):
        update((live[0], NEW))
        account = one(org, live[0])
        stamps.append((account["LastModifiedDate"], account["SystemModstamp"]))
        assert account["LastModifiedById"] == INTEGRATION_USER
    assert stamps[0] < stamps[1]
    assert rest("PATCH", f"sobjects/Account/{live[0]}", json={"Industry": "Energy", **NEW}).status_code == 204
    counts = {"writes": 3, "unchanged": 1, "cells": {"Insights_Status__c": 3, "Industry": 1}}
    assert org.writes() == {live[0]: counts}
    assert org.unchanged_cells() == {live[0]: {"Insights_Status__c": 2}}
    org.reset()
    assert org.writes() == {}


def test_a_persons_edit_is_not_counted(org: DemoOrg, live: list[str]) -> None:
    customer = org.records("Customer__c")[0]["Id"]
    org.edit("Account", live[0], Insights_Status__c="by hand")
    org.edit("Customer__c", customer, Insights_Balance__c=3)
    account = one(org, live[0])
    assert account["Insights_Status__c"] == "by hand"
    assert account["LastModifiedById"] != INTEGRATION_USER
    assert one(org, customer, "Customer__c")["Insights_Balance__c"] == 3.0
    assert org.writes() == {}


def test_a_validation_rule_refuses_its_record_whatever_is_written(
    org: DemoOrg, live: list[str], update: Update
) -> None:
    org.edit("Account", live[0], Rating="Cold")
    org.add_validation_rule("Rating", "Call the owner first.", ["Cold"])
    refused, written = update((live[0], NEW), (live[1], {**NEW, "Rating": "Hot"}))
    assert refused["errors"] == [
        {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Call the owner first.", "fields": ["Rating"]}
    ]
    assert written["success"]
    org.remove_rules()
    assert codes(update((live[0], NEW))) == [None]


def test_a_trigger_fails_for_a_record_or_for_its_whole_chunk(org: DemoOrg, live: list[str], update: Update) -> None:
    code = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    rows = [(id_, NEW) for id_ in live[:3]]
    org.add_trigger([live[1]])
    assert codes(update(*rows)) == [None, code, None]
    org.remove_rules()
    org.add_trigger([live[1]], whole_chunk=True)
    assert codes(update(*rows)) == [code] * 3
    assert codes(update(rows[0], rows[2])) == [None, None]


def test_a_flow_changes_another_field_on_every_write(org: DemoOrg, live: list[str], update: Update) -> None:
    org.add_flow("Site", "Touched")
    org.add_flow("Sic")
    for _ in range(2):
        update((live[0], NEW))
    account = one(org, live[0])
    assert (account["Site"], account["Sic"]) == ("Touched", "2")
    assert org.writes()[live[0]]["cells"] == {"Insights_Status__c": 2}


def test_a_locked_record_is_refused_for_some_tries(org: DemoOrg, live: list[str], update: Update) -> None:
    org.lock_records(live[:1], tries=2)
    answers = [codes(update((live[0], NEW), (live[1], NEW))) for _ in range(3)]
    assert answers == [["UNABLE_TO_LOCK_ROW", None], ["UNABLE_TO_LOCK_ROW", None], [None, None]]


def test_a_user_without_rights_writes_nothing(org: DemoOrg, live: list[str], update: Update, rest: Any) -> None:
    org.configure(reader_may_write=False)
    assert codes(update((live[0], NEW))) == ["INSUFFICIENT_ACCESS_OR_READONLY"]
    for method, path, values in (
        ("PATCH", f"sobjects/Account/{live[0]}", NEW),
        ("POST", "sobjects/Account", {"Name": "A"}),
        ("DELETE", f"sobjects/Account/{live[0]}", None),
    ):
        answer = rest(method, path, json=values)
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "INSUFFICIENT_ACCESS_OR_READONLY")
    assert org.writes() == {}


def test_a_read_only_field_refuses_its_rows(org: DemoOrg, live: list[str], update: Update, rest: Any) -> None:
    org.change_field("Insights_Status__c", updateable=False)
    described = rest("GET", "sobjects/Account/describe").json()["fields"]
    assert not next(field for field in described if field["name"] == "Insights_Status__c")["updateable"]
    assert codes(update((live[0], NEW))) == ["INVALID_FIELD_FOR_INSERT_UPDATE"]


def test_rights_can_be_lost_and_values_edited_right_before_a_write(
    org: DemoOrg, live: list[str], update: Update
) -> None:
    org.fault("edit_before_write", id=live[0], values={"Insights_Status__c": "by hand", "Site": "HQ"})
    assert codes(update((live[0], NEW))) == [None]
    assert one(org, live[0])["Site"] == "HQ"
    assert org.writes()[live[0]]["unchanged"] == 0
    org.fault("field_lost_before_write", field="Insights_Status__c")
    org.fault("field_lost_before_write", field="Site", hidden=False)
    assert codes(update((live[0], NEW))) == ["INVALID_FIELD"]
    assert codes(update((live[0], {"Site": "HQ"}))) == ["INVALID_FIELD_FOR_INSERT_UPDATE"]
