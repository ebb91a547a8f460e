"""The login methods against the demo org: each connects, and a refusal says what to fix."""

import pytest

from sf_insights.demo.data.credentials import ORGANIZATION_ID
from sf_insights.domain.problems import ConnectionProblem
from sf_insights.domain.salesforce_ids import to_18_characters
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights_tests.clients import calls, connected
from sf_insights_tests.scripted_server import Answer, serving

ORG_ID = to_18_characters(ORGANIZATION_ID[:15])


@pytest.mark.parametrize("way", ["client credentials", "JWT bearer", "existing session", "user name and password"])
def test_every_login_method_connects_to_the_same_org(org, way, token):
    environment = {
        "client credentials": {},
        "JWT bearer": {
            "SALESFORCE_DOMAIN": "login",
            "SALESFORCE_CONSUMER_SECRET": "",
            "SALESFORCE_USERNAME": "integration@demo.example",
            "SALESFORCE_PRIVATE_KEY_FILE": str(org.private_key_file),
        },
        "existing session": {
            "SALESFORCE_CONSUMER_KEY": "",
            "SALESFORCE_ACCESS_TOKEN": token,
            "SALESFORCE_INSTANCE_URL": "https://demo.my.salesforce.com",
        },
        "user name and password": {
            "SALESFORCE_CONSUMER_KEY": "",
            "SALESFORCE_USERNAME": "integration@demo.example",
            "SALESFORCE_PASSWORD": "demo-password",
            "SALESFORCE_SECURITY_TOKEN": "demoSecurityToken",
        },
    }[way]
    with connected(org, environment) as salesforce:
        assert salesforce.credentials.name == way
        assert salesforce.org_id == ORG_ID
        given = "https://demo.my.salesforce.com" if way == "existing session" else org.url.replace("http:", "https:")
        assert salesforce.instance_url == given
        assert "62.0" in salesforce.api_versions()


def test_the_org_id_is_found_even_if_the_token_lacks_it():
    environment = {"SALESFORCE_ACCESS_TOKEN": "opaque", "SALESFORCE_INSTANCE_URL": "https://acme.my.salesforce.com"}
    organization = {"totalSize": 1, "done": True, "records": [{"Id": ORG_ID}]}
    with (
        serving(lambda request: Answer(200, organization)) as server,
        SalesforceOrg.from_environment(environment | {"SALESFORCE_ENDPOINT": server.url}) as salesforce,
    ):
        assert salesforce.org_id == ORG_ID
        assert server.requests[0].path.endswith("/query?q=SELECT+Id+FROM+Organization")


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_login_survives_temporary_errors(org, status):
    org.fault("status", path="/oauth2/token", status=status, body="<html>maintenance</html>")
    with connected(org) as salesforce:
        assert salesforce.org_id == ORG_ID


@pytest.mark.parametrize(
    ("changed", "remedy"),
    [
        ({"SALESFORCE_CONSUMER_KEY": "wrong"}, "SALESFORCE_CONSUMER_KEY is not the key of an app"),
        ({"SALESFORCE_CONSUMER_SECRET": "wrong-9z"}, "SALESFORCE_CONSUMER_SECRET does not belong"),
        (
            {
                "SALESFORCE_CONSUMER_KEY": "",
                "SALESFORCE_USERNAME": "integration@demo.example",
                "SALESFORCE_PASSWORD": "wrong-9z",
                "SALESFORCE_SECURITY_TOKEN": "t",
            },
            "sandboxes need SALESFORCE_DOMAIN=test",
        ),
    ],
)
def test_a_refused_login_names_what_to_check(org, changed, remedy):
    with pytest.raises(ConnectionProblem, match=remedy) as problem, connected(org, changed):
        pass
    assert "wrong-9z" not in str(problem.value)


@pytest.mark.parametrize(
    ("description", "remedy"),
    [
        ("no client credentials user enabled", "choose a user for it to run as"),
        ("user hasn't approved this consumer", "Pre-authorize"),
        ("request not supported on this domain", "My Domain"),
        ("authentication failure", "the user is active"),
    ],
)
def test_a_refused_grant_names_the_setting_of_the_app(org, description, remedy):
    body = {"error": "invalid_grant", "error_description": description}
    org.fault("status", path="/oauth2/token", status=400, body=body)
    with pytest.raises(ConnectionProblem, match=remedy), connected(org):
        pass


@pytest.mark.parametrize(
    ("code", "description", "remedy"),
    [
        ("invalid_grant", "ip restricted", "relaxing the IP restrictions"),
        ("invalid_app_access", "user is not admin approved to access this app", "Pre-authorize"),
        ("OAUTH_APP_BLOCKED", "this app is blocked by admin", "Connected Apps OAuth Usage"),
        ("OAUTH_EC_APP_NOT_FOUND", "External client app is not installed in this org", "Install the External Client"),
    ],
)
def test_a_login_forbidden_by_the_org_says_where_to_allow_it(org, code, description, remedy):
    body = {"error": code, "error_description": description}
    org.fault("status", path="/oauth2/token", status=400, body=body)
    with pytest.raises(ConnectionProblem, match=remedy), connected(org):
        pass
    assert len(calls(org, "POST", "/oauth2/token")) == 1


@pytest.mark.parametrize(
    ("code", "description"),
    [
        ("unknown_error", "retry your request"),
        ("invalid_grant", "login rate exceeded"),
        ("temporarily_unavailable", ""),
    ],
)
def test_a_temporarily_refused_login_is_retried(org, code, description):
    body = {"error": code, "error_description": description}
    org.fault("status", path="/oauth2/token", status=400, body=body, times=3)
    with connected(org) as salesforce:
        assert salesforce.org_id == ORG_ID


PASSWORD = {
    "SALESFORCE_CONSUMER_KEY": "",
    "SALESFORCE_USERNAME": "integration@demo.example",
    "SALESFORCE_PASSWORD": "demo-password",
    "SALESFORCE_SECURITY_TOKEN": "demoSecurityToken",
}


def soap_fault(code, message):
    body = (
        '<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<soapenv:Body><soapenv:Fault><faultcode>{code}</faultcode><faultstring>{code}: {message}</faultstring>"
        "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    )
    return {"status": 500, "body": body, "headers": {"Content-Type": "text/xml"}}


def test_a_temporarily_refused_soap_login_is_retried(org):
    org.fault("status", path="/services/Soap/u", times=3, **soap_fault("sf:SERVER_UNAVAILABLE", "server too busy"))
    with connected(org, PASSWORD) as salesforce:
        assert salesforce.org_id == ORG_ID


def test_a_permanently_refused_soap_login_is_reported_in_one_sentence(org):
    org.fault("status", path="/services/Soap/u", times=None, **soap_fault("sf:INVALID_LOGIN", "Invalid username"))
    with pytest.raises(ConnectionProblem) as problem, connected(org, PASSWORD):
        pass
    assert str(problem.value).startswith("Salesforce refused the login (INVALID_LOGIN: Invalid username)")
    assert len(calls(org, "POST", "/u/62.0")) == 1
