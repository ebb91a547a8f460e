"""sObject Collections: many records in one request."""

from typing import Any

import pytest
from simple_salesforce.api import Salesforce

from sf_insights.demo.data.accounts import WRITER
from sf_insights.demo.process import DemoOrg
from sf_insights_tests.demo.writing.conftest import Update, one


def codes(answers: list[dict[str, Any]]) -> list[str | None]:
    return [answer["errors"][0]["statusCode"] if answer["errors"] else None for answer in answers]


def test_answers_come_in_the_order_sent_with_a_reason_for_each_refusal(
    org: DemoOrg, live: list[str], update: Update
) -> None:
    deleted = next(account["Id"] for account in org.accounts() if account["IsDeleted"])
    new = {"Insights_Status__c": "new"}
    answers = update(
        (live[0], new),
        (live[0][:15], new),
        (deleted, new),
        ("001000000000000AAA", new),
        ("a0C000000000000AAA", new),
        ("nonsense", new),
        ("", new),
        (live[1], new),
    )
    assert codes(answers) == [
        None,
        "DUPLICATE_VALUE",
        "ENTITY_IS_DELETED",
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
        "MALFORMED_ID",
        "MISSING_ARGUMENT",
        None,
    ]
    assert [answer.get("id") for answer in answers[:3]] == [live[0], live[0], deleted]
    assert set(org.writes()) == {live[0], live[1]}


def test_all_or_none_writes_nothing_if_one_row_is_refused(org: DemoOrg, live: list[str], update: Update) -> None:
    before = org.accounts()
    bad = {"Insights_Health__c": "?"}
    answers = update((live[0], {"Insights_Status__c": "new"}), (live[1], bad), all_or_none=True)
    assert codes(answers) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"]
    # A refusal that shows only while the records are saved rolls the earlier ones back.
    duplicates = [(id_, {"Insights_Reference__c": "same"}) for id_ in live[:2]]
    assert codes(update(*duplicates, all_or_none=True)) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "DUPLICATE_VALUE"]
    assert org.accounts() == before
    assert org.writes() == {}
    assert codes(update(*duplicates[:1], all_or_none=True)) == [None]


def test_a_request_holds_200_records_and_10_changes_of_type(org: DemoOrg, live: list[str], rest: Any) -> None:
    account = [{"attributes": {"type": "Account"}, "id": id_} for id_ in live[:201]]
    customer = [{"attributes": {"type": "Customer__c"}, "id": c["Id"]} for c in org.records("Customer__c")[:10]]
    many = rest("PATCH", "composite/sobjects", json={"records": account})
    assert (many.status_code, many.json()[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")
    mixed = [record for pair in zip(account, customer, strict=False) for record in pair]
    refused = rest("PATCH", "composite/sobjects", json={"records": mixed[:11]})
    assert refused.status_code == 400
    assert "more than 10 chunks" in refused.json()[0]["message"]
    accepted = rest("PATCH", "composite/sobjects", json={"records": mixed[:10]})
    assert [answer["success"] for answer in accepted.json()] == [True] * 10


def test_simple_salesforce_updates_a_customer_by_id(org: DemoOrg, salesforce: Salesforce) -> None:
    customer = org.records("Customer__c")[0]
    record = {"attributes": {"type": "Customer__c"}, "id": customer["Id"], "Insights_Balance__c": 12.5}
    answers: Any = salesforce.restful(
        "composite/sobjects", method="PATCH", json={"allOrNone": False, "records": [record]}
    )
    assert answers == [{"id": customer["Id"], "success": True, "errors": []}]
    after = one(org, customer["Id"], "Customer__c")
    assert after["Insights_Balance__c"] == 12.5
    assert after["SystemModstamp"] > customer["SystemModstamp"]


def test_an_unreadable_field_refuses_a_read(live: list[str], rest: Any) -> None:
    answer = rest("POST", "composite/sobjects/Account", json={"ids": live[:1], "fields": ["Id", "Nope__c"]})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


@pytest.mark.parametrize("header", ["FALSE", "TRUE", None])
def test_an_assignment_rule_changes_the_owner_unless_the_header_forbids_it(
    org: DemoOrg, live: list[str], update: Update, header: str | None
) -> None:
    org.configure(assignment_owner=WRITER)
    owner = one(org, live[0])["OwnerId"]
    headers = {"Sforce-Auto-Assign": header} if header else {}
    update((live[0], {"Insights_Status__c": "new"}), headers=headers)
    assert one(org, live[0])["OwnerId"] == (owner if header == "FALSE" else WRITER)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "JSON_PARSER_ERROR"),
        ({"records": ["a"]}, "JSON_PARSER_ERROR"),
        ({"records": [{"id": "001"}]}, "INVALID_TYPE"),
        ({"records": [{"attributes": {"type": "Nope__c"}}]}, "INVALID_TYPE"),
        ({"records": [{"attributes": {"type": "User"}}]}, "INVALID_TYPE_FOR_OPERATION"),
        ({"records": [{"attributes": {"type": "Account"}, "NumberOfEmployees": 10**400}]}, "JSON_PARSER_ERROR"),
    ],
)
def test_a_malformed_request_is_refused(rest: Any, body: dict[str, Any], code: str) -> None:
    answer = rest("PATCH", "composite/sobjects", json=body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_a_deleted_customer_is_gone_for_readers_and_writers(org: DemoOrg, rest: Any) -> None:
    customer = org.records("Customer__c")[0]
    org.delete_record("Customer__c", customer["Id"])
    record = {"attributes": {"type": "Customer__c"}, "id": customer["Id"], "Insights_Balance__c": 1}
    (answer,) = rest("PATCH", "composite/sobjects", json={"records": [record]}).json()
    assert answer["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"
    ids = {"ids": [customer["Id"]], "fields": ["Id"]}
    assert rest("POST", "composite/sobjects/Customer__c", json=ids).json() == [None]
    soql = f"SELECT COUNT() FROM Customer__c WHERE Id = '{customer['Id']}'"
    assert rest("GET", "query", params={"q": soql}).json()["totalSize"] == 0
    assert rest("GET", "queryAll", params={"q": soql}).json()["totalSize"] == 1
