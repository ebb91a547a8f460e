import time

import polars as pl
import pytest

from sf_insights.domain.problems import ConnectionProblem, IncompleteData
from sf_insights.insights_accounts.landed_list import COLUMNS
from sf_insights.insights_accounts.source import account_source
from sf_insights.transport.retry import RetryPolicy
from sf_insights_tests.clients import calls, listed

QUICK = RetryPolicy(tries=4, first_wait=0.01, longest_wait=0.05)


@pytest.fixture
def zuora(org, tmp_path):
    return account_source("zuora", org.environment, tmp_path, retry=QUICK)


def reasons(code, message):
    return {"success": False, "reasons": [{"code": code, "message": message}]}


def test_all_accounts_are_read_as_text_from_pages_of_any_size(org, zuora):
    whole = listed(zuora)
    org.configure(zuora_page_records=40)
    paged = listed(zuora)
    assert whole.columns == list(COLUMNS)
    assert whole.dtypes == [pl.String] * 5
    assert whole.height > 100
    assert paged.rows() == whole.rows()
    assert whole["Id"].is_unique().all()


def test_absent_and_empty_values_are_null(zuora):
    crm_ids = listed(zuora)["CrmId"]
    assert 0 < crm_ids.null_count() < crm_ids.len()
    assert "" not in crm_ids.to_list()


def test_one_token_serves_many_calls(org, zuora):
    listed(zuora)
    listed(zuora)
    assert len(calls(org, "POST", "/oauth/token")) == 1
    assert zuora.api_calls == 2


@pytest.mark.parametrize("jump", [-40_000_000, 40_000_000])
def test_a_clock_change_does_not_affect_a_tokens_age(org, zuora, monkeypatch, jump):
    listed(zuora)
    wall, steady = time.time, time.monotonic
    monkeypatch.setattr(time, "time", lambda: wall() + jump)
    listed(zuora)
    assert len(calls(org, "POST", "/oauth/token")) == 1
    monkeypatch.setattr(time, "monotonic", lambda: steady() + 3600)  # its lifetime of one hour has really passed
    listed(zuora)
    assert len(calls(org, "POST", "/oauth/token")) == 2


def test_a_refused_token_is_renewed(org, zuora):
    listed(zuora)
    org.fault("status", path="/v1/action/query", status=401, body=reasons(90000011, "Authentication error"))
    assert listed(zuora).height > 100
    assert len(calls(org, "POST", "/oauth/token")) == 2


def test_a_token_refused_only_in_the_message_is_renewed(org, zuora):
    listed(zuora)
    lost = {"faultCode": "INVALID_SESSION", "faultMessage": "Your session has expired."}
    org.fault("status", path="/v1/action/query", status=200, body=lost)
    assert listed(zuora).height > 100
    assert len(calls(org, "POST", "/oauth/token")) == 2


def test_the_login_check_waits_out_an_outage(org, zuora):
    org.fault("status", path="/oauth/token", times=3, status=503, body="<html>")
    zuora.check()
    assert len(calls(org, "POST", "/oauth/token")) == 4


def test_a_refused_login_shows_zuoras_message(org, zuora):
    refused = {"reasons": [{"code": 50000010, "message": "The client is not of this tenant."}]}
    org.fault("status", path="/oauth/token", status=403, body=refused)
    with pytest.raises(ConnectionProblem, match=r"HTTP 403, 50000010: The client is not of this tenant\)"):
        zuora.check()


def test_a_token_refused_again_is_refreshed_only_once(org, zuora):
    org.fault("status", path="/v1/action/query", times=None, status=401, body=reasons(90000011, "Authentication error"))
    with pytest.raises(ConnectionProblem, match="OAuth client is active"):
        listed(zuora)
    assert len(calls(org, "POST", "/oauth/token")) == 2


def test_wrong_credentials_are_not_retried(org, tmp_path):
    environment = org.environment | {"ZUORA_CLIENT_SECRET": "wrong-9z"}
    with pytest.raises(ConnectionProblem, match="ZUORA_CLIENT_SECRET") as problem:
        listed(account_source("zuora", environment, tmp_path, retry=QUICK))
    assert len(calls(org, "POST", "/oauth/token")) == 1
    assert "wrong-9z" not in str(problem.value)


def test_an_expired_locator_restarts_the_query(org, zuora):
    org.configure(zuora_page_records=40)
    expected = listed(zuora)
    lost = {"faultCode": "INVALID_QUERY_LOCATOR", "faultMessage": "The query locator has expired."}
    org.fault("status", path="/v1/action/queryMore", skip=1, status=400, body=lost)
    assert listed(zuora).rows() == expected.rows()


def test_a_query_whose_locator_always_expires_is_given_up(org, zuora):
    org.configure(zuora_page_records=40)
    lost = reasons(50000020, "Invalid query locator")
    org.fault("status", path="/v1/action/queryMore", times=None, status=200, body=lost)
    with pytest.raises(IncompleteData, match="every time"):
        listed(zuora)
    assert len(calls(org, "POST", "/v1/action/queryMore")) == 3


def test_a_list_that_ends_early_is_incomplete(org, zuora):
    org.configure(zuora_page_records=40)
    expected = listed(zuora).height
    early = {"size": expected, "done": True, "records": []}
    org.fault("status", path="/v1/action/queryMore", skip=1, status=200, body=early)
    with pytest.raises(IncompleteData, match=f"80 accounts arrived from Zuora, but it announced {expected}"):
        listed(zuora)


def test_a_refusal_with_status_200_is_a_refusal(org, zuora):
    denied = reasons(50000010, "You do not have permission to query Account.")
    org.fault("status", path="/v1/action/query", status=200, body=denied)
    with pytest.raises(ConnectionProblem, match=r"50000010: You do not have permission .*can read accounts"):
        listed(zuora)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "headers": {"RateLimit-Reset": "1"}, "body": "slow down"},
        {"status": 503, "body": "<html>"},
        {"status": 200, "body": reasons(50000070, "Request exceeded limit")},
        {"status": 400, "body": reasons(50000040, "Rate limit exceeded")},
        {"status": 200, "body": {"faultCode": "LOCK_COMPETITION", "faultMessage": "Operation failed"}},
        {"status": 200, "body": "<html>"},
    ],
    ids=["429", "503", "limit", "rate", "lock", "html"],
)
def test_temporary_errors_are_retried(org, zuora, fault):
    org.fault("status", path="/v1/action/query", times=2, **fault)
    assert listed(zuora).height > 100


@pytest.mark.parametrize("action", ["drop_before", "drop_body", "empty_body"])
def test_a_broken_answer_is_requested_again(org, zuora, action):
    org.fault(action, path="/v1/action/query")
    assert listed(zuora).height > 100


def test_an_empty_account_list_is_an_error(org, zuora):
    org.fault("status", path="/v1/action/query", status=200, body={"size": 0, "records": [], "done": True})
    with pytest.raises(ConnectionProblem, match="Zuora sent no accounts"):
        listed(zuora)


def test_an_account_sent_twice_is_an_incomplete_list(org, zuora):
    twice = [{"Id": "8a1"}, {"Id": "8a1"}]
    org.fault("status", path="/v1/action/query", status=200, body={"size": 2, "records": twice, "done": True})
    with pytest.raises(IncompleteData, match="8a1 2 times"):
        listed(zuora)


def test_an_account_without_an_id_is_an_incomplete_list(org, zuora):
    body = {"size": 2, "records": [{"Id": "8a1"}, {"CrmId": "001"}], "done": True}
    org.fault("status", path="/v1/action/query", status=200, body=body)
    with pytest.raises(IncompleteData, match="without an Id"):
        listed(zuora)


def test_invalid_bytes_are_replaced_in_a_name_and_refused_in_an_id(org, zuora, tmp_path):
    id_ = listed(zuora)["Id"][0]
    org.update_zuora_account(id_, Name="HERE")
    org.fault("garble", path="/v1/action/query", texts={"HERE": "caf\xe9"})
    assert "caf\N{REPLACEMENT CHARACTER}" in listed(zuora)["Name"].to_list()
    org.fault("garble", path="/v1/action/query", texts={id_: f"{id_[:-1]}\xe9"})
    with pytest.raises(IncompleteData, match="Id has invalid bytes"):
        listed(zuora)
