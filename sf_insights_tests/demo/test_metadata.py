from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceResourceNotFound

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.demo.sobjects import describe_account, sobject

KEYS_OF_A_FIELD = 57
TOP_KEYS = (
    "actionOverrides activateable childRelationships compactLayoutable createable custom customSetting deepCloneable "
    "defaultImplementation deletable deprecatedAndHidden extendedBy extendsInterfaces feedEnabled fields hasSubtypes "
    "implementedBy implementsInterfaces isInterface isSubtype keyPrefix label labelPlural layoutable listviewable "
    "lookupLayoutable mergeable mruEnabled name namedLayoutInfos networkScopeFieldName queryable recordTypeInfos "
    "replicateable retrieveable searchLayoutable searchable supportedScopes triggerable undeletable updateable urls"
)


def described(salesforce: Salesforce) -> dict[str, dict[str, Any]]:
    return {field["name"]: field for field in describe_account(salesforce)["fields"]}


def test_versions_need_no_login(org: DemoOrg, session) -> None:
    versions = session.get("https://login.salesforce.com/services/data", timeout=30).json()
    assert {"label": "Winter '25", "url": "/services/data/v62.0", "version": "62.0"} in versions


def test_a_describe_has_every_key_of_salesforces(salesforce: Salesforce) -> None:
    describe = describe_account(salesforce)
    assert set(TOP_KEYS.split()) <= set(describe)
    assert {len(field) for field in describe["fields"]} == {KEYS_OF_A_FIELD}


def test_every_field_type_occurs_with_its_attributes(salesforce: Salesforce) -> None:
    fields = described(salesforce)
    types = {field["type"] for field in fields.values()}
    assert types >= {
        "id",
        "string",
        "picklist",
        "multipicklist",
        "reference",
        "boolean",
        "currency",
        "percent",
        "int",
        "double",
        "date",
        "datetime",
        "time",
        "textarea",
        "phone",
        "url",
        "email",
        "encryptedstring",
        "address",
        "location",
    }
    assert fields["Name"]["byteLength"] == 765
    assert (fields["ARR__c"]["precision"], fields["ARR__c"]["scale"]) == (18, 2)
    assert fields["NumberOfEmployees"]["digits"] == 8
    assert fields["Description"]["filterable"] is False
    assert fields["Notes_Rich__c"]["extraTypeInfo"] == "richtextarea"
    assert fields["Days_Since_Touch__c"]["calculated"] is True
    assert fields["OwnerId"]["referenceTo"] == ["User"]
    assert [value["value"] for value in fields["SLA__c"]["picklistValues"]] == ["Platinum", "Gold", "Silver", "Bronze"]


def test_a_hidden_field_is_absent_until_it_is_shown_again(org: DemoOrg, salesforce: Salesforce) -> None:
    org.hide_field("AnnualRevenue")
    assert "AnnualRevenue" not in described(salesforce)
    org.show_field("AnnualRevenue")
    assert "AnnualRevenue" in described(salesforce)


def test_fields_are_added_renamed_retyped_relabelled_and_removed(org: DemoOrg, salesforce: Salesforce) -> None:
    org.add_field("Tier__c", "Tier", "picklist", length=255, values=["A", "B"], value="B")
    org.rename_field("Score__c", "Health__c")
    org.retype_field("NumberofLocations__c", "string", length=18)
    org.change_field("Industry", label="Branch")
    org.remove_field("Unused__c")
    fields = described(salesforce)
    assert fields["Tier__c"]["custom"] is True
    assert "Score__c" not in fields
    assert fields["NumberofLocations__c"]["type"] == "string"
    assert fields["Industry"]["label"] == "Branch"
    assert "Unused__c" not in fields
    record = salesforce.query("SELECT Tier__c, Health__c FROM Account WHERE Health__c != null LIMIT 1")["records"][0]
    assert record["Tier__c"] == "B"
    assert isinstance(record["Health__c"], float)


def test_an_unchanged_describe_is_answered_with_304(org: DemoOrg, rest) -> None:
    first = rest("GET", "sobjects/Account/describe")
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    again = rest("GET", "sobjects/Account/describe", headers=since)
    assert (again.status_code, again.content) == (304, b"")
    org.change_field("Industry", label="Branch")
    assert rest("GET", "sobjects/Account/describe", headers=since).status_code == 200


def test_a_record_is_read_by_its_id(org: DemoOrg, salesforce: Salesforce) -> None:
    account = next(account for account in org.accounts() if not account["IsDeleted"] and account["BillingCity"])
    record = sobject(salesforce).get(account["Id"])
    assert record["Name"] == account["Name"]
    assert record["BillingAddress"]["city"] == account["BillingCity"]
    assert record["attributes"]["url"].endswith(f"/sobjects/Account/{account['Id']}")


def test_deleted_and_unknown_records_are_not_found(org: DemoOrg, salesforce: Salesforce) -> None:
    gone = next(account for account in org.accounts() if account["IsDeleted"])
    with pytest.raises(SalesforceResourceNotFound, match="ENTITY_IS_DELETED"):
        sobject(salesforce).get(gone["Id"])
    with pytest.raises(SalesforceResourceNotFound, match="NOT_FOUND"):
        sobject(salesforce).get("001000000000000AAA")


@pytest.mark.parametrize(("version", "status"), [("v30.0", 410), ("v99.0", 404), ("vNext", 404), ("v66.0", 200)])
def test_retired_and_future_api_versions_are_refused(rest, version: str, status: int) -> None:
    assert rest("GET", f"https://demo.my.salesforce.com/services/data/{version}/sobjects").status_code == status


def test_an_unknown_object_and_a_wrong_method_answer_as_salesforce_does(rest) -> None:
    unknown = rest("GET", "sobjects/Nothing__c/describe")
    assert (unknown.status_code, unknown.json()[0]["errorCode"]) == (404, "NOT_FOUND")
    wrong = rest("PUT", "query")
    assert (wrong.status_code, wrong.json()[0]["errorCode"]) == (405, "METHOD_NOT_ALLOWED")


def test_every_call_counts_against_the_limits(org: DemoOrg, salesforce: Salesforce, rest) -> None:
    assert salesforce.limits()["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_999}
    assert rest("GET", "limits").headers["Sforce-Limit-Info"] == "api-usage=2/100000"
    org.configure(quota_used=100_000)
    refused = rest("GET", "limits")
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")


def test_record_count_is_the_number_of_live_accounts(org: DemoOrg, rest) -> None:
    path = "limits/recordCount?sObjects=Account,Nothing"
    assert rest("GET", path).json() == {"sObjects": [{"count": 700, "name": "Account"}]}
    org.configure(record_count_offset=-50)
    assert rest("GET", path).json()["sObjects"][0]["count"] == 650
