"""Requests other than for the accounts are optional: a sync that has its accounts does not need them."""

from typing import Any

import pytest

from sf_insights_tests.pipeline.runs.test_partial_runs import materialize, reasons
from sf_insights_tests.pipeline.truth import Truth
from sf_insights_tests.soak import some

COUNT = "/limits/recordCount"
FAULTS: dict[str, dict[str, Any]] = {
    "no answer": {"action": "drop_before"},
    "another form": {"action": "status", "status": 200, "body": {"sObjects": [{"name": "Account", "count": "many"}]}},
    "400": {"action": "status", "status": 400, "body": [{"errorCode": "INVALID_TYPE", "message": "because"}]},
    "a page of a proxy": {"action": "status", "status": 200, "body": "<html>"},
    "500": {"action": "status", "status": 500, "body": [{"errorCode": "UNKNOWN_EXCEPTION", "message": "because"}]},
}


@pytest.mark.parametrize("fault", some(FAULTS, 3))
def test_a_sync_works_without_salesforces_record_count(org, sync, fault):
    org.fault(path=COUNT, times=None, **FAULTS[fault])
    run = sync(day="2026-03-01", fields=["Industry"])
    assert run.attributes("Industry") == Truth(org).attribute("Industry")
    assert run.rows("SELECT salesforce_record_count FROM ops.sync_runs") == [(None,)]
    asked = [call for call in org.requests() if call["path"].endswith(COUNT)]
    assert 1 <= len(asked) <= 2


def test_a_bulk_job_that_cannot_be_deleted_does_not_fail_the_sync(org, sync):
    org.fault("status", path="/jobs/query/750", method="DELETE", times=None, status=500, body="<html>")
    run = sync(day="2026-03-01", fields=["Industry"])
    assert run.attributes("Industry") == Truth(org).attribute("Industry")
    asked = [call for call in org.requests() if call["method"] == "DELETE"]
    assert 1 <= len(asked) <= 2


def test_no_step_looks_up_the_org_id_inside_a_transaction(org, sync):
    org.configure(jwt_tokens=True)
    run = sync(day="2026-03-01", fields=["Industry"])
    assert run.attributes("Industry") == Truth(org).attribute("Industry")
    again = materialize(["salesforce/raw_accounts", "zuora/accounts", "insights/matched_accounts"])
    assert again.success, reasons(again)
