"""Single records over REST, read and written as simple-salesforce and jsforce do."""

from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.demo.sobjects import sobject


def truth(org: DemoOrg, id_: str) -> dict[str, Any]:
    return next(account for account in org.accounts() if account["Id"] == id_)


def test_a_created_account_has_only_the_given_values(org: DemoOrg, salesforce: Salesforce) -> None:
    made = sobject(salesforce).create({"Name": "Acme", "AnnualRevenue": 12.5, "is_key__c": True})
    assert (made["success"], made["errors"]) == (True, [])
    account = truth(org, made["id"])
    assert (account["Name"], account["AnnualRevenue"], account["Is_Key__c"]) == ("Acme", 12.5, True)
    assert (account["Industry"], account["Phone"], account["IsDeleted"]) == (None, None, False)
    assert sobject(salesforce).get(made["id"])["Name"] == "Acme"


def test_an_update_changes_only_the_given_fields_and_the_stamps(org: DemoOrg, salesforce: Salesforce) -> None:
    before = next(account for account in org.accounts() if not account["IsDeleted"])
    assert sobject(salesforce).update(before["Id"], {"Industry": "Energy", "Phone": None}) == 204
    after = truth(org, before["Id"])
    assert (after["Industry"], after["Phone"]) == ("Energy", None)
    assert after["SystemModstamp"] > before["SystemModstamp"]
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"Industry", "Phone", "SystemModstamp", "LastModifiedDate", "LastModifiedById"}


def test_a_deleted_account_goes_to_the_recycle_bin(org: DemoOrg, salesforce: Salesforce) -> None:
    id_ = next(account["Id"] for account in org.accounts() if not account["IsDeleted"])
    assert sobject(salesforce).delete(id_) == 204
    assert truth(org, id_)["IsDeleted"]
    with pytest.raises(SalesforceResourceNotFound, match="ENTITY_IS_DELETED"):
        sobject(salesforce).delete(id_)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"Name": "A", "Colour__c": "red"}, "INVALID_FIELD"),
        ({"Name": "A", "CreatedDate": "2026-01-01T00:00:00.000Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Name": "A", "AnnualRevenue": "much"}, "JSON_PARSER_ERROR"),
        ({"Name": "A" * 256}, "STRING_TOO_LONG"),
        ({"Industry": "Energy"}, "REQUIRED_FIELD_MISSING"),
    ],
)
def test_an_invalid_write_is_refused_and_changes_nothing(
    org: DemoOrg, salesforce: Salesforce, values: dict[str, Any], code: str
) -> None:
    before = org.accounts()
    with pytest.raises(SalesforceMalformedRequest, match=code):
        sobject(salesforce).create(values)
    assert org.accounts() == before


def test_only_accounts_can_be_written(salesforce: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_TYPE_FOR_OPERATION"):
        sobject(salesforce, "User").create({"Name": "A"})


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_several_records_are_returned_in_the_requested_order(org: DemoOrg, rest, method: str) -> None:
    accounts = org.accounts()
    shown = [account for account in accounts if not account["IsDeleted"]][:2]
    gone = next(account for account in accounts if account["IsDeleted"])
    ids = [shown[1]["Id"], gone["Id"], shown[0]["Id"][:15], "001000000000000AAA"]
    if method == "GET":
        answer = rest("GET", "composite/sobjects/Account", params={"ids": ",".join(ids), "fields": "Id,Name"})
    else:
        answer = rest("POST", "composite/sobjects/Account", json={"ids": ids, "fields": ["Id", "Name"]})
    records = answer.json()
    assert [record and record["Name"] for record in records] == [shown[1]["Name"], None, shown[0]["Name"], None]
    assert records[0]["attributes"]["url"].endswith(f"/sobjects/Account/{shown[1]['Id']}")


def test_recently_changed_accounts_are_listed(org: DemoOrg, salesforce: Salesforce, rest) -> None:
    id_ = next(account["Id"] for account in reversed(org.accounts()) if not account["IsDeleted"])
    org.update_account(id_, Industry="Energy")
    found = rest("GET", "recent", params={"limit": "3"}).json()
    assert len(found) == 3
    assert found[0]["Id"] == id_
    assert sobject(salesforce).metadata()["recentItems"][0]["Id"] == id_
