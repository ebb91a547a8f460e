"""What Salesforce stores of a sent value, and which values it refuses."""

from typing import Any

import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.demo.writing.conftest import Update, one

STORED = [
    ("Insights_Status__c", "  In debt \t", "In debt"),
    ("Insights_Status__c", " \t ", None),
    ("Insights_Status__c", "", None),
    ("Insights_Status__c", "😀" * 20, "😀" * 20),
    ("Insights_Status__c", "#N/A", "#N/A"),
    ("Insights_Balance__c", 12.345678, 12.345678),
    ("Insights_Balance__c", "1e3", 1000.0),
    ("Insights_Balance__c", -0.5, -0.5),
    ("Insights_Score__c", 99.99999999, 99.99999999),
    ("Insights_Trend__c", 25, 25.0),
    ("Insights_Health__c", "Watch", "Watch"),
    ("Insights_Segment__c", "Z", "Z"),
    ("Insights_Products__c", "Revenue;Billing; Revenue;Other", "Billing;Revenue;Other"),
    ("Insights_Autopay__c", True, True),
    ("Insights_Renewal__c", "2028-02-29", "2028-02-29"),
    ("Insights_Last_Invoice__c", "2026-03-29T02:30:59.999+02:00", "2026-03-29T00:30:59.000Z"),
    ("Insights_Notes__c", "a\r\nb\rc\n", "a\r\nb\rc"),
    ("Insights_Contact__c", "a.b+c@example.co.uk", "a.b+c@example.co.uk"),
    ("Insights_Site__c", "not checked", "not checked"),
    ("Insights_Reference__c", "R-1", "R-1"),
]
REFUSED = [
    ("Insights_Status__c", "x" * 41, "STRING_TOO_LONG", "Insights Status: data value too large"),
    ("Insights_Status__c", "😀" * 21, "STRING_TOO_LONG", "(max length=40)"),
    ("Insights_Score__c", 100.0, "NUMBER_OUTSIDE_VALID_RANGE", "value outside of valid range on numeric field: 100.0"),
    ("Insights_Balance__c", 1e14, "NUMBER_OUTSIDE_VALID_RANGE", "numeric field: 1.0E14"),
    ("NumberOfEmployees", 100_000_000, "NUMBER_OUTSIDE_VALID_RANGE", "Employees"),
    ("Insights_Health__c", "watch", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "bad value for restricted picklist"),
    ("Insights_Autopay__c", None, "INVALID_TYPE_ON_FIELD_IN_RECORD", "value not of required type"),
    ("Insights_Contact__c", "nobody", "INVALID_EMAIL_ADDRESS", "invalid email address: nobody"),
    ("Insights_Renewal__c", "1699-12-31", "FIELD_INTEGRITY_EXCEPTION", "invalid date"),
    ("ParentId", "003Dm00000AbCdE", "MALFORMED_ID", "id value of incorrect type"),
    ("ParentId", "001000000000000AAA", "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"),
    ("Acct_No__c", "1", "INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Acct_No__c"),
    ("Is_Enterprise__c", True, "INVALID_FIELD_FOR_INSERT_UPDATE", "Is_Enterprise__c"),
    ("Nope__c", "1", "INVALID_FIELD", "No such column 'Nope__c' on sobject of type Account"),
    ("Name", "", "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]"),
]
UNREADABLE = [
    ("Insights_Balance__c", "much"),
    ("Insights_Balance__c", True),
    ("Insights_Autopay__c", "yes"),
    ("Insights_Renewal__c", "2026-03-01T00:00:00Z"),
    ("Insights_Renewal__c", "2026-02-30"),
    ("Insights_Last_Invoice__c", "2026-03-01T00:00:00"),
    ("Insights_Status__c", ["a"]),
    ("NumberOfEmployees", 1.5),
]


@pytest.mark.parametrize(("field", "sent", "stored"), STORED)
def test_a_value_is_stored_as_salesforce_stores_it(
    org: DemoOrg, live: list[str], update: Update, field: str, sent: Any, stored: Any
) -> None:
    (answer,) = update((live[0], {field: sent}))
    assert (answer["success"], answer["errors"]) == (True, [])
    assert one(org, live[0])[field] == stored


@pytest.mark.parametrize(("field", "sent", "code", "words"), REFUSED)
def test_a_refused_value_leaves_its_row_alone(
    org: DemoOrg, live: list[str], update: Update, field: str, sent: Any, code: str, words: str
) -> None:
    before = org.accounts()
    (answer,) = update((live[0], {"Insights_Status__c": "new", field: sent}))
    (error,) = answer["errors"]
    assert (answer["success"], error["statusCode"]) == (False, code)
    assert words in error["message"]
    assert org.accounts() == before
    assert org.writes() == {}


@pytest.mark.parametrize(("field", "sent"), UNREADABLE)
def test_a_value_of_another_type_refuses_the_whole_request(
    org: DemoOrg, live: list[str], rest: Any, field: str, sent: Any
) -> None:
    before = org.accounts()
    good = {"attributes": {"type": "Account"}, "id": live[1], "Insights_Status__c": "new"}
    bad = {"attributes": {"type": "Account"}, "id": live[0], field: sent}
    answer = rest("PATCH", "composite/sobjects", json={"records": [good, bad]})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    assert org.accounts() == before


def test_null_clears_and_a_missing_key_leaves_alone(org: DemoOrg, live: list[str], update: Update) -> None:
    update((live[0], {"Insights_Status__c": "a", "Insights_Balance__c": 0, "Insights_Renewal__c": "2026-01-01"}))
    update((live[0], {"Insights_Status__c": None, "Insights_Renewal__c": None}))
    account = one(org, live[0])
    assert (account["Insights_Status__c"], account["Insights_Renewal__c"]) == (None, None)
    assert account["Insights_Balance__c"] == 0.0


def test_a_unique_value_ignores_letter_case_and_its_own_record(org: DemoOrg, live: list[str], update: Update) -> None:
    update((live[0], {"Insights_Reference__c": "ref-1"}))
    again, other = update((live[0], {"Insights_Reference__c": "REF-1"}), (live[1], {"Insights_Reference__c": "Ref-1"}))
    assert again["success"]
    assert other["errors"][0]["statusCode"] == "DUPLICATE_VALUE"
    assert live[0][:15] in other["errors"][0]["message"]
    assert one(org, live[1])["Insights_Reference__c"] is None
