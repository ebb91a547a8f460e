"""Redirects are never followed: the message names the new host and the setting, and nothing is sent there."""

import base64
import json
import logging
from datetime import date
from urllib.parse import parse_qs

import pytest

from sf_insights.alerts import Alerts
from sf_insights.domain.problems import ConnectionProblem
from sf_insights.domain.syncs.alerts import Published
from sf_insights.insights_accounts.source import account_source
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights_tests.clients import QUICK, listed
from sf_insights_tests.scripted_server import Answer, serving

CLIENT = {
    "SALESFORCE_DOMAIN": "old.my",
    "SALESFORCE_CONSUMER_KEY": "key-5f1",
    "SALESFORCE_CONSUMER_SECRET": "secret-9a2",
}
SESSION = {"SALESFORCE_ACCESS_TOKEN": "00D!token-77c", "SALESFORCE_INSTANCE_URL": "https://old.my.salesforce.com"}
PASSWORD = {"SALESFORCE_USERNAME": "a@b.c", "SALESFORCE_PASSWORD": "pass-31b", "SALESFORCE_SECURITY_TOKEN": "t"}
TOKEN = {"access_token": "00D!token-77c", "instance_url": "https://old.my.salesforce.com"}
REDIRECTS = [301, 302, 303, 307, 308]


@pytest.fixture
def new_host():
    """The target of the redirect, which must receive no request."""
    with serving(lambda request: Answer(200, TOKEN)) as server:
        yield server
        assert server.requests == []


def moved(server, status=302):
    """A server that redirects everything to another server."""
    return Answer(status, b"", {"Location": server.url.replace("127.0.0.1", "localhost") + "/x?secret=1"})


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_moved_org_is_reported_at_login(new_host, status):
    with serving(lambda request: moved(new_host, status)) as old, pytest.raises(ConnectionProblem) as problem:
        SalesforceOrg.from_environment(CLIENT | {"SALESFORCE_ENDPOINT": old.url}, retry=QUICK).__enter__()
    assert problem.value.what.startswith("old.my.salesforce.com redirects requests to localhost;")
    assert "set SALESFORCE_DOMAIN to localhost" in problem.value.remedy
    assert "secret=1" not in str(problem.value)
    assert len(old.requests) == 1


def test_a_moved_org_is_reported_at_soap_login(new_host):
    with serving(lambda request: moved(new_host)) as old, pytest.raises(ConnectionProblem, match="SALESFORCE_DOMAIN"):
        SalesforceOrg.from_environment(PASSWORD | {"SALESFORCE_ENDPOINT": old.url}, retry=QUICK).__enter__()


@pytest.mark.parametrize("status", REDIRECTS)
def test_an_org_that_moves_after_login_is_reported(new_host, status):
    def answer(request):
        return Answer(200, TOKEN) if "oauth2" in request.path else moved(new_host, status)

    with serving(answer) as old:
        environment = CLIENT | {"SALESFORCE_ENDPOINT": old.url}
        with (
            SalesforceOrg.from_environment(environment, retry=QUICK) as org,
            pytest.raises(ConnectionProblem) as problem,
        ):
            org.describe("Account")
    assert "set SALESFORCE_DOMAIN to localhost" in problem.value.remedy
    assert len(old.requests) == 2


def test_a_moved_session_names_the_variable_to_change(new_host):
    with serving(lambda request: moved(new_host)) as old:
        environment = SESSION | {"SALESFORCE_ENDPOINT": old.url}
        with SalesforceOrg.from_environment(environment) as org, pytest.raises(ConnectionProblem) as problem:
            org.limits()
    assert "set SALESFORCE_INSTANCE_URL to localhost" in problem.value.remedy


def test_a_redirect_on_the_same_host_is_not_followed():
    with serving(lambda request: Answer(302, b"", {"Location": "/secur/frontdoor.jsp?sid=1"})) as old:
        environment = SESSION | {"SALESFORCE_ENDPOINT": old.url}
        with SalesforceOrg.from_environment(environment) as org, pytest.raises(ConnectionProblem) as problem:
            org.limits()
    assert "a redirect to another of its pages" in problem.value.what
    assert len(old.requests) == 1


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_moved_zuora_tenant_is_reported(new_host, tmp_path, status):
    with serving(lambda request: moved(new_host, status)) as old, pytest.raises(ConnectionProblem) as problem:
        environment = {"ZUORA_BASE_URL": old.url, "ZUORA_CLIENT_ID": "client-4d4", "ZUORA_CLIENT_SECRET": "secret-b1b"}
        listed(account_source("zuora", environment, tmp_path, retry=QUICK))
    assert "set ZUORA_BASE_URL to localhost" in problem.value.remedy
    assert len(old.requests) == 1


@pytest.mark.parametrize("status", REDIRECTS)
def test_alerts_and_heartbeats_do_not_follow_redirects(new_host, tmp_path, caplog, status):
    with serving(lambda request: moved(new_host, status)) as old, caplog.at_level(logging.WARNING):
        variables = {"SF_INSIGHTS_ALERT_URL": f"{old.url}/token-1", "SF_INSIGHTS_HEARTBEAT_URL": f"{old.url}/token-2"}
        alerts = Alerts(tmp_path, variables)
        alerts.failed(None, "because")
        alerts.published(Published(date(2026, 3, 1), True, {}, {}, 1.0, None))
    assert "set SF_INSIGHTS_ALERT_URL to localhost" in caplog.text
    assert "set SF_INSIGHTS_HEARTBEAT_URL to localhost" in caplog.text
    assert "token-" not in caplog.text


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("acme.my", "acme.my.salesforce.com"),
        ("acme.my.salesforce.mil", "acme.my.salesforce.mil"),
        ("https://acme.lightning.force.com/lightning/page/home", "acme.my.salesforce.com"),
        ("acme.my.sfcrmproducts.cn", "acme.my.sfcrmproducts.cn"),
    ],
)
@pytest.mark.parametrize("way", ["client credentials", "password"])
def test_a_login_goes_to_the_configured_host(written, host, way):
    environment = {"client credentials": CLIENT, "password": PASSWORD}[way] | {"SALESFORCE_DOMAIN": written}
    with serving(lambda request: Answer(403, b"")) as proxy, pytest.raises(ConnectionProblem):
        SalesforceOrg.from_environment(environment | {"HTTPS_PROXY": proxy.url}, retry=QUICK).__enter__()
    assert {(request.method, request.path) for request in proxy.requests} == {("CONNECT", f"{host}:443")}


def test_a_government_cloud_jwt_has_separate_host_and_audience(org):
    environment = {
        "SALESFORCE_DOMAIN": "acme.my.salesforce.mil",
        "SALESFORCE_AUDIENCE": "https://login.salesforce.com",
        "SALESFORCE_USERNAME": "sync@acme.example",
        "SALESFORCE_CONSUMER_KEY": "key-5f1",
        "SALESFORCE_PRIVATE_KEY_FILE": str(org.private_key_file),
    }
    with (
        serving(lambda request: Answer(200, TOKEN)) as server,
        SalesforceOrg.from_environment(environment | {"SALESFORCE_ENDPOINT": server.url}),
    ):
        [assertion] = parse_qs(server.requests[0].body.decode())["assertion"]
    claims = assertion.split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert said["aud"] == "https://login.salesforce.com"
    assert said["iss"] == "key-5f1"
