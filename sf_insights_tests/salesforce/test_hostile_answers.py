"""Invalid answers: each is requested again or reported clearly, never as a traceback."""

import json
import threading
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sf_insights.domain.problems import Problem
from sf_insights.insights_accounts.source import account_source
from sf_insights.salesforce.account_reader import AccountReading
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.transport.retry import RetryPolicy
from sf_insights_tests.clients import listed
from sf_insights_tests.scripted_server import Answer, serving
from sf_insights_tests.soak import IS_SOAK

EXAMPLES = 100 if IS_SOAK else 5
AT_ONCE = RetryPolicy(tries=2, first_wait=0.0, longest_wait=0.0)
SOQL = "SELECT Id, Name FROM Account"
LOGIN = {"access_token": "00DDm0000000001!token", "instance_url": "https://acme.my.salesforce.com"}
# The normal answer of each address in a sync; the longest ending comes first.
RIGHT: dict[str, Any] = {
    "/services/oauth2/token": LOGIN,
    "/describe": {"fields": [{"name": "Name", "type": "string"}]},
    "/recordCount": {"sObjects": [{"name": "Account", "count": 1}]},
    "/limits": {"DailyApiRequests": {"Max": 10, "Remaining": 5}},
    "/services/data": [{"version": "62.0"}],
    "/query": {"records": [{"Id": "001"}], "done": True, "totalSize": 1},
    "/queryAll": {"records": [{"Id": "001", "Name": "A"}], "done": True, "totalSize": 1},
    "/jobs/query": {"id": "750", "state": "UploadComplete", "records": [], "done": True},
    "/jobs/query/750": {"id": "750", "state": "JobComplete", "numberRecordsProcessed": 1},
    "/resultPages": {"resultPages": [{"resultUrl": "/services/data/v62.0/jobs/query/750/results"}], "done": True},
    "/results": b'"Id","Name"\n"001","A"\n',
    "/oauth/token": {"access_token": "token", "expires_in": 3600},
    "/v1/action/query": {"records": [{"Id": "1", "CrmId": "001"}], "done": True},
}
ENVIRONMENT = {
    "SALESFORCE_DOMAIN": "acme.my",
    "SALESFORCE_CONSUMER_KEY": "key",
    "SALESFORCE_CONSUMER_SECRET": "secret",
    "ZUORA_CLIENT_ID": "client",
    "ZUORA_CLIENT_SECRET": "secret",
}
# Key names from the APIs, so that the code reads the values under them.
NAMES = sorted({name for answer in RIGHT.values() if isinstance(answer, dict) for name in answer} | {"nextRecordsUrl"})


def _objects(inner):
    return st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=4)


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(10**400)
anything = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | _objects(inner), max_leaves=8)


bodies = st.one_of(
    anything.map(lambda value: json.dumps(value).encode()),
    _objects(anything).map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=60),
    st.just(b"<html><body><h1>Maintenance</h1></body></html>"),
    st.just(b"[" * 100_000),
    st.just(b"9" * 10_000),
    st.just(b'{"fields": [{"name": "Na'),
)


class Hostile:
    """A server that answers correctly except at one address."""

    url: str

    def __init__(self):
        self.at, self.status, self.body, self.kind = "", 200, b"", "application/json"

    def answer(self, request):
        path = request.path.split("?")[0]
        place = max((ending for ending in RIGHT if path.endswith(ending)), key=len, default=None)
        if self.at == "/queryAll" and request.method == "POST" and place == "/jobs/query":  # then REST is used
            return Answer(400, [{"errorCode": "FEATURENOTENABLED", "message": "Async API not enabled"}])
        if self.at == place:
            return Answer(self.status, self.body, {"Content-Type": self.kind})
        right = RIGHT[place] if place else {}
        is_listing = request.method == "GET" and place == "/jobs/query"
        return Answer(200, {"records": [], "done": True} if is_listing else right, _kind(right))


def _kind(right):
    return {"Content-Type": "text/csv"} if isinstance(right, bytes) else {}


@pytest.fixture(scope="module")
def hostile():
    server = Hostile()
    with serving(server.answer) as http:
        server.url = http.url
        yield server


@contextmanager
def _salesforce(url):
    environment = ENVIRONMENT | {"SALESFORCE_ENDPOINT": url}
    with SalesforceOrg.from_environment(environment, retry=AT_ONCE) as org:
        yield org


def _read_all(url, directory):
    with _salesforce(url) as org:
        org.account_fields()
        org.record_count()
        org.api_versions()
        list(org.query("SELECT Id FROM Organization"))
        with AccountReading(org, SOQL, directory, deadline_seconds=0.1) as reading:
            return list(reading.pages())


def _list_accounts(url, directory):
    return listed(account_source("zuora", ENVIRONMENT | {"ZUORA_BASE_URL": url}, directory, retry=AT_ONCE))


def test_valid_answers_are_parsed(hostile, tmp_path):
    hostile.at = ""
    assert [page.records for page in _read_all(hostile.url, tmp_path)] == [1]
    assert len(_list_accounts(hostile.url, tmp_path)) == 1


@pytest.mark.parametrize("at", [address for address in RIGHT if address != "/limits"])
def test_any_answer_is_parsed_or_reported(hostile, tmp_path_factory, at):
    directory = tmp_path_factory.mktemp("pages")
    run = _list_accounts if at in ("/oauth/token", "/v1/action/query") else _read_all

    @hypothesis_settings(max_examples=EXAMPLES)
    @given(bodies, st.sampled_from([200, 200, 400, 401, 403, 404]))
    @example(b'{"id": "../../x", "state": 1}', 200)
    @example(b'{"records": [1, null, "x"], "done": false}', 200)
    @example(b'{"success": false, "reasons": ["x"]}', 400)
    @example(b'{"access_token": ["x"], "expires_in": "soon"}', 200)
    @example(b'[{"errorCode": ["x"], "message": {"y": 1}}]', 403)
    @example(b"9" * 10_000, 400)
    def judge(body, status):
        hostile.at, hostile.body, hostile.status = at, body, status
        hostile.kind = "text/csv" if at == "/results" else "application/json"
        try:
            run(hostile.url, directory)
        except Problem as problem:
            assert str(problem)
            assert "Traceback" not in str(problem)

    try:
        judge()
    finally:
        hostile.at = ""
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("accounts")]
    assert all(file.parent == directory for file in directory.rglob("*"))
