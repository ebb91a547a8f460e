"""The fields and the object that are made for values from Insights."""

from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.demo.sobjects import describe_account


def test_account_has_a_field_of_every_type_for_insights(org: DemoOrg, salesforce: Salesforce) -> None:
    fields = {field["name"]: field for field in describe_account(salesforce)["fields"]}
    made = {name: field for name, field in fields.items() if name.startswith("Insights_")}
    assert len(made) == 16
    score = made["Insights_Score__c"]
    assert (score["type"], score["precision"], score["scale"]) == ("double", 10, 8)
    assert (made["Insights_Trend__c"]["type"], made["Insights_Trend__c"]["scale"]) == ("percent", 1)
    assert made["Insights_Health__c"]["restrictedPicklist"]
    assert not made["Insights_Segment__c"]["restrictedPicklist"]
    assert (made["Insights_Reference__c"]["unique"], made["Insights_Reference__c"]["caseSensitive"]) == (True, False)
    assert not made["Insights_Autopay__c"]["nillable"]
    for account in org.accounts():
        assert {account[name] for name in made} == {None, False}


def test_most_zuora_accounts_have_a_customer_record(org: DemoOrg) -> None:
    customers = org.records("Customer__c")
    numbers = {account["AccountNumber"]: account for account in org.zuora_accounts()}
    assert 0.8 * len(numbers) < len(customers) < len(numbers)
    assert {customer["Zuora_Account_Number__c"] for customer in customers} < set(numbers)
    legacy = [customer["Legacy_Id__c"] for customer in customers]
    assert 0 < len(legacy) - len(set(legacy)) < len(legacy) / 20
    live = {account["Id"] for account in org.accounts() if not account["IsDeleted"]}
    linked = {customer["Account__c"] for customer in customers}
    assert linked - {None} < live
    assert {customer["Insights_Balance__c"] for customer in customers} == {None}


def test_a_customer_is_described_and_queried_like_an_account(org: DemoOrg, rest: Any, bulk: Any) -> None:
    described = rest("GET", "sobjects/Customer__c/describe").json()
    assert (described["custom"], described["updateable"], described["keyPrefix"]) == (True, True, "a0C")
    number = next(f for f in described["fields"] if f["name"] == "Zuora_Account_Number__c")
    assert (number["externalId"], number["unique"], number["caseSensitive"]) == (True, True, False)
    first, second, *_ = org.records("Customer__c")
    wanted = ", ".join(f"'{c['Zuora_Account_Number__c'].lower()}'" for c in (first, second))
    soql = f"SELECT Id, Account__r.Name FROM Customer__c WHERE Zuora_Account_Number__c IN ({wanted})"
    found = rest("GET", "query", params={"q": soql}).json()
    assert [record["Id"] for record in found["records"]] == [first["Id"], second["Id"]]
    job = bulk.finished("SELECT Id, Insights_Balance__c FROM Customer__c WHERE Zuora_Account_Number__c != null")
    assert job["numberRecordsProcessed"] == len(org.records("Customer__c"))


def test_a_long_list_of_ids_is_found(org: DemoOrg, rest: Any, bulk: Any) -> None:
    ids = [account["Id"] for account in org.accounts()]
    listed = ", ".join(f"'{id_}'" for id_ in [*ids, *(f"001Dm0000Zz{n:04d}AAA" for n in range(2000))])
    job = bulk.finished(f"SELECT Id FROM Account WHERE Id IN ({listed})")
    assert job["numberRecordsProcessed"] == len(ids)


@pytest.mark.parametrize("may_write", [True, False])
def test_the_describe_shows_whether_the_reader_may_write(org: DemoOrg, rest: Any, may_write: bool) -> None:
    before = rest("GET", "sobjects/Account/describe")
    org.configure(reader_may_write=may_write)
    unless_changed = {"If-Modified-Since": before.headers["Last-Modified"]}
    after = rest("GET", "sobjects/Account/describe", headers=unless_changed)
    if may_write:
        assert (after.status_code, after.content) == (304, b"")
        return
    described = after.json()
    assert not described["updateable"]
    assert not any(field["updateable"] for field in described["fields"])


def test_the_writer_is_a_user_of_its_own(org: DemoOrg) -> None:
    org.configure(reader_may_write=False)
    environment = org.writer_environment
    form = {
        "grant_type": "client_credentials",
        "client_id": environment["SALESFORCE_CONSUMER_KEY"],
        "client_secret": environment["SALESFORCE_CONSUMER_SECRET"],
    }
    with requests.Session() as session:
        session.trust_env = False
        token = session.post(f"{org.url}/services/oauth2/token", data=form, timeout=10).json()["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        identity = session.get(f"{org.url}/services/oauth2/userinfo", timeout=10).json()
        described = session.get(f"{org.url}/services/data/v62.0/sobjects/Account/describe", timeout=10).json()
    assert identity["username"] == "writer@demo.example"
    assert described["updateable"]
