from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from sf_insights.domain.problems import ConfigurationProblem, ConnectionProblem
from sf_insights.insights_accounts.zuora_credentials import zuora_credentials
from sf_insights.salesforce.credentials import (
    ClientCredentials,
    ExistingSession,
    JwtBearer,
    UserPassword,
    salesforce_credentials,
)
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights_tests.scripted_server import Answer, serving

CLIENT = {
    "SALESFORCE_DOMAIN": "acme.my",
    "SALESFORCE_CONSUMER_KEY": "key-5f1",
    "SALESFORCE_CONSUMER_SECRET": "secret-9a2",
}
JWT = {
    "SALESFORCE_USERNAME": "sync@acme.example",
    "SALESFORCE_CONSUMER_KEY": "key-5f1",
    "SALESFORCE_PRIVATE_KEY_FILE": "keys/sync.pem",
}
SESSION = {"SALESFORCE_ACCESS_TOKEN": "00D!token-77c", "SALESFORCE_INSTANCE_URL": "https://acme.my.salesforce.com"}
PASSWORD = {
    "SALESFORCE_USERNAME": "sync@acme.example",
    "SALESFORCE_PASSWORD": "pass-31b",
    "SALESFORCE_SECURITY_TOKEN": "token-c80",
}
ZUORA = {
    "ZUORA_BASE_URL": "https://rest.eu.zuora.com/",
    "ZUORA_CLIENT_ID": "client-4d4",
    "ZUORA_CLIENT_SECRET": "secret-b1b",
}


@pytest.mark.parametrize(
    ("environment", "way"),
    [(CLIENT, ClientCredentials), (JWT, JwtBearer), (SESSION, ExistingSession), (PASSWORD, UserPassword)],
)
def test_each_complete_set_of_variables_selects_its_login_method(environment, way):
    credentials = salesforce_credentials(environment)
    assert type(credentials) is way
    assert (credentials.warning is not None) == (way is UserPassword)


def test_the_first_fully_configured_login_method_wins():
    assert type(salesforce_credentials(PASSWORD | SESSION | JWT | CLIENT)) is ClientCredentials
    assert type(salesforce_credentials(PASSWORD | SESSION | JWT)) is JwtBearer
    assert type(salesforce_credentials(PASSWORD | SESSION)) is ExistingSession


def test_an_empty_variable_counts_as_absent():
    environment = CLIENT | {"SALESFORCE_CONSUMER_SECRET": " "}
    with pytest.raises(ConfigurationProblem, match="SALESFORCE_CONSUMER_SECRET is missing"):
        salesforce_credentials(environment)
    assert type(salesforce_credentials(environment | SESSION)) is ExistingSession


def test_an_incomplete_login_method_names_its_missing_variables():
    with pytest.raises(ConfigurationProblem) as problem:
        salesforce_credentials({"SALESFORCE_ACCESS_TOKEN": "00D!token-77c"})
    assert "SALESFORCE_INSTANCE_URL is missing" in str(problem.value)
    assert "SALESFORCE_PASSWORD" not in str(problem.value)
    assert "token-77c" not in str(problem.value)


def test_without_any_variables_client_credentials_are_requested():
    with pytest.raises(ConfigurationProblem, match="SALESFORCE_DOMAIN, SALESFORCE_CONSUMER_KEY"):
        salesforce_credentials({"PATH": "/bin"})


def test_the_domain_can_be_short_full_or_a_pasted_url():
    for written in ("acme--uat.sandbox.my", "https://acme--uat.sandbox.lightning.force.com/lightning/page/home"):
        credentials = salesforce_credentials(CLIENT | {"SALESFORCE_DOMAIN": written})
        assert isinstance(credentials, ClientCredentials)
        assert credentials.host == "acme--uat.sandbox.my.salesforce.com"


@pytest.mark.parametrize("written", ["login", "test", "https://login.salesforce.com", "evil.example"])
def test_client_credentials_need_the_orgs_own_domain(written):
    with pytest.raises(ConfigurationProblem, match=r"acme\.my\.salesforce\.com"):
        salesforce_credentials(CLIENT | {"SALESFORCE_DOMAIN": written})


@pytest.mark.parametrize(
    ("written", "host", "audience"),
    [
        ({}, "login.salesforce.com", "https://login.salesforce.com"),
        ({"SALESFORCE_DOMAIN": "test"}, "test.salesforce.com", "https://test.salesforce.com"),
        ({"SALESFORCE_DOMAIN": "acme.my"}, "acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        (
            {"SALESFORCE_DOMAIN": "acme.my.salesforce.mil", "SALESFORCE_AUDIENCE": "login.salesforce.com/"},
            "acme.my.salesforce.mil",
            "https://login.salesforce.com",
        ),
    ],
)
def test_a_jwts_audience_defaults_to_its_host(written, host, audience):
    credentials = salesforce_credentials(JWT | written)
    assert isinstance(credentials, JwtBearer)
    assert (credentials.host, credentials.audience) == (host, audience)


@pytest.mark.parametrize("written", ["http://login.salesforce.com", "https://", "ftp://x"])
def test_an_audience_that_is_not_an_https_url_is_refused(written):
    with pytest.raises(ConfigurationProblem, match="SALESFORCE_AUDIENCE"):
        salesforce_credentials(JWT | {"SALESFORCE_AUDIENCE": written})


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("acme.my.salesforce.mil", "https://acme.my.salesforce.mil"),
        ("https://acme.lightning.force.com/lightning/page/home", "https://acme.my.salesforce.com"),
        ("https://gateway.acme.example:8443", "https://gateway.acme.example:8443"),
        ("https://somebody@Acme.my.salesforce.com/x", "https://acme.my.salesforce.com"),
    ],
)
def test_a_sessions_instance_can_be_a_pasted_url_or_any_https_url(written, address):
    credentials = salesforce_credentials(SESSION | {"SALESFORCE_INSTANCE_URL": written})
    assert isinstance(credentials, ExistingSession)
    assert credentials.instance_url == address


def test_an_instance_without_https_is_refused():
    with pytest.raises(ConfigurationProblem, match="SALESFORCE_INSTANCE_URL"):
        salesforce_credentials(SESSION | {"SALESFORCE_INSTANCE_URL": "http://acme.my.salesforce.com"})


@pytest.mark.parametrize("environment", [CLIENT, JWT, SESSION, PASSWORD])
def test_a_repr_shows_no_secret(environment):
    shown = repr(salesforce_credentials(environment))
    for secret in ("key-5f1", "secret-9a2", "token-77c", "pass-31b", "token-c80"):
        assert secret not in shown


@pytest.mark.parametrize("content", [None, "not a key"])
def test_an_unusable_private_key_is_reported(tmp_path, content):
    key = tmp_path / "sync.pem"
    if content is not None:
        key.write_text(content)
    credentials = salesforce_credentials(JWT | {"SALESFORCE_PRIVATE_KEY_FILE": str(key)})
    with pytest.raises(ConfigurationProblem, match=r"sync\.pem cannot be used"), SalesforceOrg(credentials, {}):
        pass


def test_zuora_credentials_do_not_show_their_secrets():
    credentials = zuora_credentials(ZUORA)
    assert credentials.base_url == "https://rest.eu.zuora.com"
    assert "secret-b1b" not in repr(credentials)
    assert "client-4d4" not in repr(credentials)


def test_missing_zuora_variables_are_named():
    with pytest.raises(ConfigurationProblem, match="ZUORA_CLIENT_ID and ZUORA_CLIENT_SECRET are missing"):
        zuora_credentials({"ZUORA_BASE_URL": "https://rest.zuora.com", "ZUORA_CLIENT_ID": ""})


@pytest.mark.parametrize("address", ["http://rest.zuora.com", "rest.zuora.com", "ftp://x", "http://[", "https://"])
def test_zuora_requires_https(address):
    with pytest.raises(ConfigurationProblem, match="ZUORA_BASE_URL"):
        zuora_credentials(ZUORA | {"ZUORA_BASE_URL": address})


def test_zuora_on_this_machine_can_use_plain_http():
    address = "http://127.0.0.1:8080/zuora"
    assert zuora_credentials(ZUORA | {"ZUORA_BASE_URL": address}).base_url == address


def test_key_paths_are_kept_as_written():
    credentials = salesforce_credentials(JWT)
    assert isinstance(credentials, JwtBearer)
    assert credentials.private_key_file == Path("keys/sync.pem")


def _gateway(request):
    """A token endpoint that reads the client only from the form."""
    form = dict(parse_qsl(request.body.decode()))
    if (form.get("client_id"), form.get("client_secret")) != ("key-5f1", "secret-9a2"):
        return Answer(400, {"error": "invalid_client", "error_description": "client_id is missing"})
    return Answer(200, {"access_token": "00D!token", "instance_url": "https://acme.my.salesforce.com"})


def test_credentials_are_sent_in_the_form_to_a_gateway_that_needs_them_there():
    with serving(_gateway) as server:
        with SalesforceOrg.from_environment(CLIENT | {"SALESFORCE_ENDPOINT": server.url}) as org:
            assert org.instance_url == "https://acme.my.salesforce.com"
        first, second = server.requests
        assert first.headers["Authorization"].startswith("Basic ")
        assert "Authorization" not in second.headers


def test_a_wrong_secret_is_reported_with_the_first_answer():
    wrong = CLIENT | {"SALESFORCE_CONSUMER_SECRET": "wrong-9z"}
    with (
        serving(_gateway) as server,
        pytest.raises(ConnectionProblem, match="SALESFORCE_CONSUMER_SECRET does not belong") as problem,
        SalesforceOrg.from_environment(wrong | {"SALESFORCE_ENDPOINT": server.url}),
    ):
        pass
    assert "wrong-9z" not in str(problem.value)
    assert len(server.requests) == 2


def test_a_refusal_not_about_the_client_is_not_retried():
    refused = {"error": "invalid_grant", "error_description": "no client credentials user enabled"}
    with (
        serving(lambda request: Answer(400, refused)) as server,
        pytest.raises(ConnectionProblem, match="run as"),
        SalesforceOrg.from_environment(CLIENT | {"SALESFORCE_ENDPOINT": server.url}),
    ):
        pass
    assert len(server.requests) == 1
