"""A session that Salesforce ends is renewed, once and for all threads."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sf_insights.domain.problems import ConnectionProblem
from sf_insights.salesforce.errors import RequestRefused
from sf_insights_tests.clients import calls, connected


def refusal(code, message="because"):
    return [{"message": message, "errorCode": code}]


EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


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
