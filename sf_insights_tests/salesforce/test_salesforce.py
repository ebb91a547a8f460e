import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sf_insights.demo.data.credentials import ORGANIZATION_ID
from sf_insights.domain.problems import ConfigurationProblem, ConnectionProblem
from sf_insights.domain.refusals import without_soql
from sf_insights.domain.salesforce_ids import to_18_characters
from sf_insights.salesforce.errors import RequestRefused
from sf_insights.salesforce.org import SalesforceOrg, read_api_usage
from sf_insights.transport.patience import Patience
from sf_insights.transport.retry import DoubtfulAnswer, RetryPolicy
from sf_insights_tests.clients import calls, connected
from sf_insights_tests.scripted_server import Answer, serving

ORG_ID = to_18_characters(ORGANIZATION_ID[:15])
EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def refusal(code, message="because"):
    return [{"message": message, "errorCode": code}]


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


def test_describe_limits_and_record_count_are_read(salesforce):
    fields = {field["name"]: field["type"] for field in salesforce.describe("Account")["fields"]}
    assert fields["AnnualRevenue"] == "currency"
    assert salesforce.limits()["DailyApiRequests"]["Max"] > 0
    assert 250 < salesforce.record_count() < 350


def usage(salesforce: SalesforceOrg) -> tuple[int, int]:
    assert salesforce.api_usage is not None
    return salesforce.api_usage


def test_api_calls_and_usage_are_counted(salesforce):
    assert salesforce.api_usage is None
    salesforce.limits()
    before = usage(salesforce)
    salesforce.describe("Account")
    assert usage(salesforce) == (before[0] + 1, 100_000)
    assert salesforce.api_calls == 2


@pytest.mark.parametrize(
    ("header", "usage"),
    [
        ("api-usage=18/5000", (18, 5000)),
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=sample)", (25, 5000)),
        ("per-app-api-usage=17/250(appName=sample); api-usage=25/5000", (25, 5000)),
        ("api-usage=18/5000, api-bursts=1/750", (18, 5000)),
        ("per-app-api-usage=17/250(appName=x)", None),
        ("", None),
    ],
)
def test_usage_is_read_beside_other_header_values(header, usage):
    assert read_api_usage(header) == usage


def test_a_query_reads_all_its_pages(org, salesforce):
    org.configure(batch_records=200)
    live = list(salesforce.query("SELECT Id FROM Account"))
    everything = list(salesforce.query("SELECT Id FROM Account", include_deleted=True))
    assert len(live) > 200
    assert len({record["Id"] for record in everything}) == len(everything) > len(live)


def test_a_query_with_a_lost_locator_restarts_without_duplicates(org, salesforce):
    org.configure(batch_records=200)
    org.fault("status", path="/query/01g", status=400, body=refusal("INVALID_QUERY_LOCATOR"))
    ids = [record["Id"] for record in salesforce.query("SELECT Id FROM Account")]
    assert len(set(ids)) == len(ids) > 200
    assert len(calls(org, "GET", "/query")) == 2


def test_a_query_that_always_loses_its_locator_is_given_up(org, salesforce):
    org.configure(batch_records=200)
    org.fault("status", path="/query/01g", times=None, status=400, body=refusal("INVALID_QUERY_LOCATOR"))
    with pytest.raises(RequestRefused, match="Run again"):
        list(salesforce.query("SELECT Id FROM Account"))
    assert len(calls(org, "GET", "/query")) == 3


def test_a_query_too_long_for_a_url_is_not_sent(salesforce):
    fields = ", ".join(f"A_custom_field_with_a_long_name_{number}__c" for number in range(400))
    with pytest.raises(ConnectionProblem, match="Select fewer fields"):
        next(salesforce.query(f"SELECT {fields} FROM Account"))
    assert salesforce.api_calls == 0


def test_an_expired_session_is_renewed_once_for_all_threads(org, salesforce):
    salesforce.limits()
    org.invalidate_tokens()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: salesforce.limits(), range(16)))
    assert all("DailyApiRequests" in answer for answer in answers)
    assert len(calls(org, "POST", "/oauth2/token")) == 2


def test_a_session_can_expire_many_times_in_one_run(org, salesforce):
    for _ in range(6):
        org.invalidate_tokens()
        assert salesforce.limits()
    assert len(calls(org, "POST", "/oauth2/token")) == 7


@pytest.mark.parametrize("body", [EXPIRED, {"error": "x"}, "<html>401</html>"], ids=["array", "object", "html"])
def test_a_persistent_401_is_refreshed_only_once(org, salesforce, body):
    org.fault("status", path="/services/data", times=None, status=401, body=body)
    with pytest.raises(ConnectionProblem, match="accepts the login but refuses the new session"):
        salesforce.describe("Account")
    assert len(calls(org, "POST", "/oauth2/token")) == 2
    assert len(calls(org, "GET", "/describe")) == 2


def test_a_given_session_id_is_not_renewed(org, token):
    environment = {
        "SALESFORCE_CONSUMER_KEY": "",
        "SALESFORCE_ACCESS_TOKEN": token,
        "SALESFORCE_INSTANCE_URL": "demo.my.salesforce.com",
    }
    with connected(org, environment) as salesforce:
        salesforce.limits()
        org.invalidate_tokens()
        with pytest.raises(ConnectionProblem, match="SALESFORCE_ACCESS_TOKEN") as problem:
            salesforce.limits()
    assert token not in str(problem.value)


@pytest.mark.parametrize("action", ["drop_before", "drop_body", "empty_body"])
def test_a_broken_answer_is_requested_again(org, salesforce, action):
    org.fault(action, path="/describe")
    assert len(salesforce.describe("Account")["fields"]) > 50


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_login_survives_temporary_errors(org, status):
    org.fault("status", path="/oauth2/token", status=status, body="<html>maintenance</html>")
    with connected(org) as salesforce:
        assert salesforce.org_id == ORG_ID


def test_too_many_requests_at_once_are_waited_out(org, salesforce):
    busy = refusal("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
    org.fault("status", path="/limits", status=403, body=busy, times=2)
    assert salesforce.limits()


def test_a_requested_wait_is_respected(org):
    busy = refusal("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
    policy = RetryPolicy(tries=2, first_wait=0.001, longest_wait=0.4)
    with SalesforceOrg.from_environment(org.environment, retry=policy) as salesforce:
        org.fault("status", path="/limits", status=403, body=busy, headers={"Retry-After": "5"})
        began = time.monotonic()
        assert salesforce.limits()
        assert time.monotonic() - began >= 0.4


def test_a_used_up_quota_fails_at_once_and_says_so(org, salesforce):
    used_up = refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    org.fault("status", path="/describe", status=403, body=used_up, times=None)
    with pytest.raises(RequestRefused, match="Stopped for quota"):
        salesforce.describe("Account")
    assert len(calls(org, "GET", "/describe")) == 1


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (403, "API_DISABLED_FOR_ORG", "API Enabled"),
        (403, "INSUFFICIENT_ACCESS", "View All on Account"),
        (400, "INVALID_TYPE", "Read and View All on Account"),
        (410, "UNSUPPORTED_API_VERSION", "SALESFORCE_API_VERSION"),
        (403, "TXN_SECURITY_METERING_ERROR", "transaction security policy"),
    ],
)
def test_a_refusal_names_the_setting_to_fix(org, salesforce, status, code, remedy):
    org.fault("status", path="/describe", status=status, body=refusal(code))
    with pytest.raises(RequestRefused, match=remedy) as refused:
        salesforce.describe("Account")
    assert (refused.value.status, refused.value.code) == (status, code)


def test_a_missing_field_is_reported_without_the_query(salesforce):
    with pytest.raises(RequestRefused) as refused:
        next(salesforce.query("SELECT Id, Industry, Nowhere__c FROM Account"))
    assert refused.value.code == "INVALID_FIELD"
    assert "No such column 'Nowhere__c' on entity 'Account'" in str(refused.value)
    assert "SELECT" not in str(refused.value)
    assert "Industry" not in str(refused.value)


def test_a_query_inside_a_message_is_removed():
    assert (
        without_soql("unexpected: SELECT Id, Secret__c FROM Account WHERE x = 1. Sorry")
        == "unexpected: the query. Sorry"
    )


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


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (
            500,
            refusal("UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId: 17-3 (-9)"),
            "(UNKNOWN_EXCEPTION: An unexpected error occurred. Please include this ErrorId: 17-3 (-9))",
        ),
        (503, "<html><head><title>x</title></head><h1>Scheduled  maintenance</h1>", "(Scheduled maintenance)"),
        (406, "", "answered 406 (tries"),
        (420, "slow\ndown", "(slow down)"),
        (429, {"message": "too many"}, "(too many)"),
        (502, "<Errors><Error><errorCode>X</errorCode><message>gone</message></Error></Errors>", "(X: gone)"),
        (503, refusal("X", "SELECT Secret__c FROM Account: Bearer secret-token"), "(X: the query"),
        (500, "y" * 100_000, "yyy...) (tries"),
    ],
)
def test_a_lasting_failure_includes_the_servers_message(org, salesforce, status, body, said):
    org.fault("status", path="/describe", status=status, body=body, times=None)
    with pytest.raises(ConnectionProblem) as problem:
        salesforce.describe("Account")
    assert said in str(problem.value)
    assert len(str(problem.value)) < 500
    assert "ecret" not in str(problem.value)


def test_a_server_error_that_needs_a_person_is_not_retried_for_hours(org):
    org.fault("status", path="/describe", status=500, body=refusal("API_DISABLED_FOR_ORG", "API is off"), times=None)
    patient = RetryPolicy(first_wait=0.01, longest_wait=0.02, patience=Patience(600))
    with (
        SalesforceOrg.from_environment(org.environment, retry=patient) as salesforce,
        pytest.raises(ConnectionProblem, match=r"API_DISABLED_FOR_ORG: API is off.*API Enabled"),
    ):
        salesforce.describe("Account")
    assert len(calls(org, "GET", "/describe")) == DoubtfulAnswer.most_tries


def test_a_refused_query_names_its_object(org):
    opaque = {"SALESFORCE_ACCESS_TOKEN": "opaque", "SALESFORCE_INSTANCE_URL": "https://demo.my.salesforce.com"}
    org.fault("status", path="/query", status=400, body=refusal("INVALID_TYPE", "Organization is not supported."))
    with connected(org, opaque | {"SALESFORCE_CONSUMER_KEY": ""}) as salesforce, pytest.raises(RequestRefused) as said:
        _ = salesforce.org_id
    assert "refused to query Organization (INVALID_TYPE" in str(said.value)
    assert "View Setup and Configuration" in str(said.value)


def test_an_expired_session_is_renewed_even_after_a_refused_request(org, salesforce):
    org.fault("status", path="/limits", status=403, body=refusal("INSUFFICIENT_ACCESS"))
    with pytest.raises(RequestRefused):
        salesforce.limits()
    org.invalidate_tokens()
    assert salesforce.limits()


@pytest.mark.parametrize("status", [400, 403])
def test_a_session_refused_by_its_error_code_is_renewed_with_any_status(org, salesforce, status):
    org.fault("status", path="/describe", status=status, body=EXPIRED)
    salesforce.limits()
    assert salesforce.describe("Account")["fields"]
    assert len(calls(org, "POST", "/oauth2/token")) == 2


def test_a_temporarily_refused_renewal_is_retried_with_its_request(org, salesforce):
    salesforce.limits()
    org.invalidate_tokens()
    busy = {"error": "unknown_error", "error_description": "retry your request"}
    org.fault("status", path="/oauth2/token", status=400, body=busy, times=3)
    assert salesforce.describe("Account")["fields"]
    assert len(calls(org, "POST", "/oauth2/token")) == 5


def test_only_gzip_is_requested():
    environment = {"SALESFORCE_ACCESS_TOKEN": "00D!x", "SALESFORCE_INSTANCE_URL": "https://acme.my.salesforce.com"}
    with serving(lambda request: Answer(200, {})) as server:
        with SalesforceOrg.from_environment(environment | {"SALESFORCE_ENDPOINT": server.url}) as salesforce:
            salesforce.limits()
        assert server.requests[0].headers["Accept-Encoding"] == "gzip"


def test_a_forbidden_record_count_is_unknown(org, salesforce):
    org.fault("status", path="/limits/recordCount", status=403, body=refusal("INSUFFICIENT_ACCESS"))
    assert salesforce.record_count() is None


def test_an_api_version_needs_its_decimal_point(org):
    with pytest.raises(ConfigurationProblem, match="SALESFORCE_API_VERSION"):
        SalesforceOrg.from_environment(org.environment | {"SALESFORCE_API_VERSION": "v62"}, retry=RetryPolicy())
