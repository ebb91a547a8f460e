"""What a write may set depends on the record: its controlling picklist, and whether it is a person account."""

import base64
from typing import Any

from sf_insights.demo.data.account_fields import HEALTH
from sf_insights.demo.process import DemoOrg
from sf_insights_tests.demo.writing.conftest import IngestClient, Update, one, table
from sf_insights_tests.demo.writing.test_collections import codes

PLAN = "Insights_Plan__c"
REFUSED = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def add_plan(org: DemoOrg, controller: str = "Insights_Health__c") -> None:
    """Add a picklist that depends on another one: on its first value for Basic alone, on its second for both."""
    org.add_field(
        PLAN,
        "Insights Plan",
        "picklist",
        length=255,
        values=["Basic", "Plus"],
        controller=controller,
        valid_for=[("Basic", [0, 1]), ("Plus", [1])],
        restricted=True,
    )


def test_describe_tells_which_values_a_controlling_value_allows(org: DemoOrg, rest: Any) -> None:
    add_plan(org)
    fields = {field["name"]: field for field in rest("GET", "sobjects/Account/describe").json()["fields"]}
    plan = fields[PLAN]
    assert (plan["dependentPicklist"], plan["controllerName"]) == (True, "Insights_Health__c")
    bits = {value["value"]: base64.b64decode(value["validFor"]) for value in plan["picklistValues"]}
    assert bits == {"Basic": b"\xc0", "Plus": b"\x40"}
    assert {value["validFor"] for value in fields["Insights_Health__c"]["picklistValues"]} == {None}


def test_a_dependent_picklist_takes_only_what_the_controlling_value_allows(
    org: DemoOrg, live: list[str], update: Update, ingest: IngestClient
) -> None:
    add_plan(org)
    for id_, value in zip(live, (*HEALTH[:2], None), strict=False):
        org.edit("Account", id_, Insights_Health__c=value)
    answers = update(*((id_, {PLAN: "Plus"}) for id_ in live[:3]))
    assert codes(answers) == [REFUSED, None, REFUSED]
    assert answers[0]["errors"][0]["message"] == "Insights Plan: bad value for restricted picklist field: Plus"
    job = ingest.finished(table(f"Id,{PLAN}", f"{live[0]},Plus", f"{live[1]},Basic", f"{live[2]},#N/A"))
    assert list(ingest.errors(job)) == [live[0]]
    assert [one(org, id_)[PLAN] for id_ in live[:3]] == [None, "Basic", None]


def test_the_controlling_value_of_the_same_write_counts(org: DemoOrg, live: list[str], update: Update) -> None:
    add_plan(org)
    org.edit("Account", live[0], Insights_Health__c=HEALTH[0])
    assert codes(update((live[0], {"Insights_Health__c": HEALTH[1], PLAN: "Plus"}))) == [None]


def test_a_checkbox_controls_and_a_picklist_without_restriction_takes_anything(
    org: DemoOrg, live: list[str], update: Update
) -> None:
    add_plan(org, "Insights_Autopay__c")
    assert codes(update((live[0], {PLAN: "Plus"}), (live[1], {"Insights_Autopay__c": True, PLAN: "Plus"}))) == [
        REFUSED,
        None,
    ]
    org.change_field(PLAN, restricted=False)
    assert codes(update((live[0], {PLAN: "Plus"}))) == [None]


def test_the_name_of_a_person_account_is_not_written(org: DemoOrg, live: list[str], update: Update) -> None:
    org.add_field("IsPersonAccount", "Is Person Account", "boolean", nillable=False, editable=False, value="false")
    org.edit("Account", live[0], IsPersonAccount=True)
    person, business = update(*((id_, {"Name": "New", "Insights_Status__c": "s"}) for id_ in live[:2]))
    assert person["errors"] == [
        {
            "statusCode": "INVALID_FIELD_FOR_INSERT_UPDATE",
            "message": "bad field names on insert/update call: Name",
            "fields": ["Name"],
        }
    ]
    assert business["success"]
    assert codes(update((live[0], {"Insights_Status__c": "s"}))) == [None]
