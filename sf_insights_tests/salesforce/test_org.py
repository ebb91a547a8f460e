"""What an org is asked, and what its refusals say."""

import time

import pytest

from sf_insights.domain.problems import ConfigurationProblem, ConnectionProblem
from sf_insights.domain.refusals import without_soql
from sf_insights.salesforce.connection import read_api_usage
from sf_insights.salesforce.errors import RequestRefused
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.transport.patience import Patience
from sf_insights.transport.retry import DoubtfulAnswer, RetryPolicy
from sf_insights_tests.clients import calls, connected
from sf_insights_tests.scripted_server import Answer, serving


def refusal(code, message="because"):
    return [{"message": message, "errorCode": code}]


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


@pytest.mark.parametrize("action", ["drop_before", "drop_body", "empty_body"])
def test_a_broken_answer_is_requested_again(org, salesforce, action):
    org.fault(action, path="/describe")
    assert len(salesforce.describe("Account")["fields"]) > 50


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


def test_a_refusal_names_the_object_of_the_request(salesforce):
    with pytest.raises(RequestRefused, match=r"NOT_FOUND.* Check the name Customr__c"):
        salesforce.describe("Customr__c")
    with pytest.raises(RequestRefused, match=r"INVALID_TYPE.* Read and View All on Customr__c"):
        next(salesforce.query("SELECT Id FROM Customr__c"))


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
