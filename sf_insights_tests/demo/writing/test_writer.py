"""The second user and its app."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce

from sf_insights.demo.data import credentials
from sf_insights.demo.data.accounts import WRITER
from sf_insights.demo.process import DemoOrg
from sf_insights_tests.demo.conftest import ToTheOrg
from sf_insights_tests.demo.writing.conftest import by_id

APP = {
    "consumer_key": credentials.WRITER_CONSUMER_KEY,
    "consumer_secret": credentials.WRITER_CONSUMER_SECRET,
    "domain": credentials.MY_DOMAIN,
}
LOGINS: list[dict[str, str]] = [
    {},
    {"username": credentials.WRITER_USERNAME, "password": credentials.PASSWORD},
    {"username": credentials.WRITER_USERNAME, "consumer_secret": "", "privatekey_file": "here"},
]


@pytest.fixture
def to_the_org(org: DemoOrg) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", ToTheOrg(org.url))
        yield session


@pytest.mark.parametrize("login", LOGINS, ids=["client credentials", "password", "jwt"])
def test_the_writer_writes_where_the_reader_may_not(
    org: DemoOrg, live: list[str], to_the_org: requests.Session, login: dict[str, str]
) -> None:
    org.configure(reader_may_write=False)
    given: dict[str, Any] = {key: value for key, value in {**APP, **login}.items() if value}
    if "privatekey_file" in given:
        given["privatekey_file"] = str(org.private_key_file)
    writer = Salesforce(**given, session=to_the_org, version="62.0")
    record = {"attributes": {"type": "Account"}, "id": live[0], "Insights_Status__c": "new"}
    answers: Any = writer.restful("composite/sobjects", method="PATCH", json={"records": [record]})
    assert answers[0]["success"]
    account = by_id(org)[live[0]]
    assert (account["Insights_Status__c"], account["LastModifiedById"]) == ("new", WRITER)
    users: Any = writer.query(f"SELECT Username FROM User WHERE Id = '{WRITER}'")
    assert users["records"][0]["Username"] == "writer@demo.example"


def test_another_apps_key_does_not_log_the_writer_in(org: DemoOrg, to_the_org: requests.Session) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.WRITER_CONSUMER_KEY,
        "client_secret": credentials.CONSUMER_SECRET,
    }
    answer = to_the_org.post(f"{org.url}/services/oauth2/token", data=form, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
