from collections.abc import Callable

import pytest
import requests

from sf_insights.demo.data import billing, credentials
from sf_insights.demo.process import DemoOrg

COLUMNS = ("Id", "AccountNumber", "Name", "CrmId", "Status")
ZOQL = f"select {', '.join(COLUMNS)} from Account"


@pytest.fixture
def zuora(org: DemoOrg, session: requests.Session) -> Callable[..., requests.Response]:
    form = {
        "client_id": credentials.ZUORA_CLIENT_ID,
        "client_secret": credentials.ZUORA_CLIENT_SECRET,
        "grant_type": "client_credentials",
    }
    token = session.post(f"{org.url}/oauth/token", data=form, timeout=30).json()
    assert token["expires_in"] == 3599

    def call(action: str, **body: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        return session.post(f"{org.url}/v1/action/{action}", json=body, headers=headers, timeout=30)

    return call


def test_all_pages_together_equal_the_org(org: DemoOrg, zuora) -> None:
    org.configure(zuora_page_records=200)
    page = zuora("query", queryString=ZOQL).json()
    truth = org.zuora_accounts()
    assert (page["size"], page["done"], len(page["records"])) == (len(truth), False, 200)
    records = page["records"]
    while not page["done"]:
        page = zuora("queryMore", queryLocator=page["queryLocator"]).json()
        records += page["records"]
    assert [{name: record.get(name) for name in COLUMNS} for record in records] == [
        {name: account[name] for name in COLUMNS} for account in truth
    ]


def test_a_null_is_an_absent_key_and_test_kinds_are_hidden(org: DemoOrg, zuora) -> None:
    records = zuora("query", queryString=ZOQL).json()["records"]
    assert any("CrmId" not in record for record in records)
    assert all(record.get("CrmId", "") is not None for record in records)
    refused = zuora("query", queryString="select kind from Account").json()
    assert refused["success"] is False
    assert "There is no field named kind" in refused["reasons"][0]["message"]


def test_conditions_filter_accounts(org: DemoOrg, zuora) -> None:
    page = zuora("query", queryString="select Id from Account where Status = 'Draft' and CrmId != null").json()
    expected = [a["Id"] for a in org.zuora_accounts() if a["Status"] == "Draft" and a["CrmId"] is not None]
    assert [record["Id"] for record in page["records"]] == expected
    assert zuora("query", queryString="select Id from Account where Status = 'draft'").json()["size"] == 0


@pytest.mark.parametrize(
    "zoql",
    ["select * from Account", "select Id from Invoice", "SELECT Id FROM Account", "select Id from Account where Id"],
)
def test_an_invalid_zoql_query_is_answered_with_200_and_success_false(zuora, zoql: str) -> None:
    response = zuora("query", queryString=zoql)
    assert response.status_code == 200
    assert response.json()["success"] is False


def test_an_expired_locator_is_refused(org: DemoOrg, zuora) -> None:
    org.configure(zuora_page_records=200)
    locator = zuora("query", queryString=ZOQL).json()["queryLocator"]
    org.expire_locators()
    assert zuora("queryMore", queryLocator=locator).json()["success"] is False


def test_tokens_are_required_and_expire(org: DemoOrg, zuora, session: requests.Session) -> None:
    wrong = session.post(
        f"{org.url}/oauth/token", data={"grant_type": "client_credentials", "client_id": "x"}, timeout=30
    )
    assert wrong.status_code == 401
    org.invalidate_tokens()
    assert zuora("query", queryString=ZOQL).status_code == 401


def test_too_many_requests_are_answered_with_retry_after(org: DemoOrg, zuora) -> None:
    org.fault("status", path="/v1/action/query", status=429, headers={"RateLimit-Reset": "1"}, body={"success": False})
    refused = zuora("query", queryString=ZOQL)
    assert (refused.status_code, refused.headers["RateLimit-Reset"]) == (429, "1")
    assert zuora("query", queryString=ZOQL).status_code == 200


def test_the_client_id_has_the_length_that_zuoras_sdk_requires() -> None:
    assert len(credentials.ZUORA_CLIENT_ID) == 36


def test_amounts_are_numbers_and_auto_pay_is_a_boolean(org: DemoOrg, zuora) -> None:
    zoql = "select Id, Balance, CreditBalance, MRR, LastInvoiceDate, AutoPay, Batch, BillCycleDay from Account"
    records = {record.pop("Id"): record for record in zuora("query", queryString=zoql).json()["records"]}
    accounts = org.zuora_accounts()
    assert len(records) == len(accounts)
    for account in accounts:
        record = records[account["Id"]]
        assert record["Balance"] == float(account["Balance"])
        assert record.get("MRR") == (None if account["MRR"] is None else float(account["MRR"]))
        assert record["AutoPay"] is (account["AutoPay"] == "true")
        assert record["BillCycleDay"] == int(account["BillCycleDay"])
        assert record.get("LastInvoiceDate") == account["LastInvoiceDate"]
    assert {type(record["Balance"]) for record in records.values()} == {float}
    assert any("LastInvoiceDate" not in record for record in records.values())
    assert any("MRR" not in record for record in records.values())


def test_a_value_can_be_set_as_a_number_or_a_boolean(org: DemoOrg, zuora) -> None:
    [id_, *_] = [account["Id"] for account in org.zuora_accounts()]
    org.update_zuora_account(id_, Balance=-12.5, AutoPay=True, MRR=None)
    page = zuora("query", queryString=f"select Balance, AutoPay, MRR from Account where Id = '{id_}'").json()
    assert page["records"] == [{"Balance": -12.5, "AutoPay": True}]


def test_what_zuora_calculates_follows_from_the_id_alone(org: DemoOrg) -> None:
    accounts = org.zuora_accounts()
    for account in accounts:
        figures = billing.figures(account["Id"])
        assert {name: account[name] for name in figures} == figures
    assert len({account["Balance"] for account in accounts}) > len(accounts) / 2
