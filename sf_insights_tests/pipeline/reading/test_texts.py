"""Invalid bytes and older encodings do not stop a sync; replaced characters are reported."""

import json

import pytest

from sf_insights.salesforce.damaged_pages import REASON
from sf_insights_tests.pipeline.truth import Truth

FIELDS = ["Industry", "Description", {"field": "ARR__c", "as": "metric"}]
LOST = "\N{REPLACEMENT CHARACTER}"
REFUSED = [{"errorCode": "FEATURENOTENABLED", "message": "Async API not enabled"}]
RESULTS = {"bulk": "/results", "rest": "/queryAll"}
REJECTED = "SELECT field, salesforce_account_id, text, reason FROM ops.rejected_values WHERE day = ?"


@pytest.mark.parametrize("method", ["bulk", "rest"])
def test_one_invalid_byte_replaces_one_character_and_is_reported(org, sync, method):
    salesforce_id = next(iter(Truth(org).matches().values()))
    org.update_account(salesforce_id, Description="HERE, noir")
    if method == "rest":
        org.fault("status", path="/jobs/query", method="POST", times=None, status=400, body=REFUSED)
    org.fault("garble", path=RESULTS[method], texts={"HERE": "caf\xe9"})
    run = sync(day="2026-03-01", fields=FIELDS)
    assert run.rows("SELECT read_by FROM ops.sync_runs") == [(method,)]
    truth = Truth(org)
    damaged = {id_: f"caf{LOST}, noir" for id_, text in truth.attribute("Description").items() if text == "HERE, noir"}
    assert damaged
    assert run.attributes("Description") == truth.attribute("Description") | damaged
    assert run.attributes("Industry") == truth.attribute("Industry")
    assert run.metric("ARR__c", "2026-03-01") == truth.metric("ARR__c")
    assert run.rows(REJECTED, ["2026-03-01"]) == [("Description", salesforce_id, f"caf{LOST}, noir", REASON)]
    run = sync(day="2026-03-02")  # after the fault
    assert run.attributes("Description") == Truth(org).attribute("Description")
    assert run.rows(REJECTED, ["2026-03-02"]) == []


@pytest.mark.parametrize("method", ["bulk", "rest"])
def test_analysts_see_any_text_exactly(org, sync, method):
    text = " a\rb\r\n\x85\u2028\0\ufeff,\"'\N{GRINNING FACE}e\u0301 "
    salesforce_id = next(iter(Truth(org).matches().values()))
    org.update_account(salesforce_id, Description="HERE")
    if method == "rest":
        org.fault("status", path="/jobs/query", method="POST", times=None, status=400, body=REFUSED)
    sent = json.dumps(text)[1:-1] if method == "rest" else text.replace('"', '""')
    org.fault("garble", path=RESULTS[method], texts={"HERE": sent.encode().decode("latin-1")})
    run = sync(day="2026-03-01", fields=FIELDS)
    expected = {id_: text if held == "HERE" else held for id_, held in Truth(org).attribute("Description").items()}
    assert run.attributes("Description") == expected
    assert run.rows(REJECTED, ["2026-03-01"]) == []


def test_an_older_encoding_is_read_as_declared(org, sync):
    zuora_id, salesforce_id = next(iter(Truth(org).matches().items()))
    org.update_account(salesforce_id, Description="Crème brûlée, £5")
    org.fault("recode", path="/results", charset="ISO-8859-1")
    run = sync(day="2026-03-01", fields=FIELDS)
    assert run.attributes("Description")[zuora_id] == "Crème brûlée, £5"
    assert run.attributes("Industry") == Truth(org).attribute("Industry")
    assert run.rows(REJECTED, ["2026-03-01"]) == []


def test_an_id_with_an_invalid_byte_leaves_yesterdays_data_and_says_why(org, sync):
    sync.first_day(fields=FIELDS)
    before = sync.snapshot.read_bytes()
    salesforce_id = next(iter(Truth(org).matches().values()))
    org.fault("garble", path="/results", times=None, texts={f'"{salesforce_id}"': f'"{salesforce_id[:-1]}\xe9"'})
    run = sync.fails(day="2026-03-02")
    assert f"has an Id with invalid bytes: {salesforce_id[:-1]}{LOST}." in run.reason
    assert sync.snapshot.read_bytes() == before
