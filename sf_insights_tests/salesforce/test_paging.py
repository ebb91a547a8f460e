"""Endless answers: each reader of pages stops with a message after a few requests."""

import itertools
import threading

import pytest

from sf_insights.domain.problems import IncompleteData
from sf_insights.insights_accounts.source import account_source
from sf_insights.salesforce.account_reader import AccountReading
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights_tests.clients import QUICK, listed
from sf_insights_tests.scripted_server import Answer, serving

SESSION = {"SALESFORCE_ACCESS_TOKEN": "00D!token", "SALESFORCE_INSTANCE_URL": "https://acme.my.salesforce.com"}
DATA = "/services/data/v62.0"
JOB = {"id": "750", "state": "JobComplete", "numberRecordsProcessed": 3}
MANY = 50  # requests after which a reader is considered endless

# The continuation of an endless answer: the next page's address (n counts pages) and the records per page.
ENDLESS = {
    "in a circle": (lambda n: "again", 1),
    "on and on, without content": (lambda n: f"page{n}", 0),
    "on and on, with records beyond those announced": (lambda n: f"page{n}", 1),
}
STOPPED = r"points back|an empty page|announced 3"


class Endless:
    """A server with endless pages; it gives up after MANY requests, so that no test hangs."""

    def __init__(self, how, *, pages_by):
        self.following, self.records = ENDLESS[how]
        self.pages_by = pages_by
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()

    def __call__(self, request):
        path = request.path.split("?")[0]
        with self.lock:
            n = next(self.numbers)
        if n > MANY:
            return Answer(410, [{"errorCode": "TOO_MANY", "message": "the reader did not stop"}])
        name = self.following(n)
        if "/oauth/token" in path:
            return Answer(200, {"access_token": "t", "expires_in": 3600})
        if "/v1/action/query" in path:
            records = [{"Id": "8a1"}] * self.records
            return Answer(200, {"size": 3, "done": False, "queryLocator": name, "records": records})
        if "/query/" in path or path.endswith("/queryAll"):
            if path.startswith(f"{DATA}/jobs/"):
                return self._job(path, n, name)
            records = [{"Id": f"001{n}"}] * self.records
            following = f"{DATA}/query/{name}"
            return Answer(200, {"totalSize": 3, "done": False, "nextRecordsUrl": following, "records": records})
        return self._job(path, n, name)

    def _job(self, path, n, name):
        if path.endswith("/results"):
            body = "Id\n" + f"001{n}\n" * self.records
            locator = {"Sforce-Locator": name} if self.pages_by == "locators" else {}
            headers = {"Content-Type": "text/csv", "Sforce-NumberOfRecords": str(self.records), **locator}
            return Answer(200, body.encode(), headers)
        if path.endswith("/resultPages"):
            if self.pages_by == "locators":
                return Answer(404, [{"errorCode": "NOT_FOUND", "message": "x"}])
            pages = [{"resultUrl": f"{DATA}/jobs/query/750/results?locator={n}"}] * self.records
            following = f"{DATA}/jobs/query/750/resultPages?locator={name}"
            return Answer(200, {"resultPages": pages, "nextRecordsUrl": following, "done": False})
        return Answer(200, JOB)


@pytest.mark.parametrize("how", ENDLESS)
@pytest.mark.parametrize("pages_by", ["addresses", "locators"])
def test_an_endless_bulk_result_is_refused(tmp_path, how, pages_by):
    with (
        serving(Endless(how, pages_by=pages_by)) as server,
        SalesforceOrg.from_environment(SESSION | {"SALESFORCE_ENDPOINT": server.url}, retry=QUICK) as org,
        AccountReading(org, "SELECT Id FROM Account", tmp_path) as reading,
        pytest.raises(IncompleteData, match=STOPPED),
    ):
        list(reading.pages())
    assert len(server.requests) < MANY


@pytest.mark.parametrize("how", ENDLESS)
def test_an_endless_rest_query_is_refused(how):
    with (
        serving(Endless(how, pages_by="")) as server,
        SalesforceOrg.from_environment(SESSION | {"SALESFORCE_ENDPOINT": server.url}, retry=QUICK) as org,
        pytest.raises(IncompleteData, match=STOPPED),
    ):
        list(org.query("SELECT Id FROM Account", include_deleted=True))
    assert len(server.requests) < MANY


@pytest.mark.parametrize("how", ENDLESS)
def test_an_endless_zuora_query_is_refused(tmp_path, how):
    with (
        serving(Endless(how, pages_by="")) as server,
        pytest.raises(IncompleteData, match="Zuora was asked to list the accounts and"),
    ):
        environment = {"ZUORA_BASE_URL": server.url, "ZUORA_CLIENT_ID": "id", "ZUORA_CLIENT_SECRET": "secret"}
        listed(account_source("zuora", environment, tmp_path, retry=QUICK))
    assert len(server.requests) < MANY


class Ambiguous:
    """Salesforce after a create request without an answer: `jobs` is the job list on every page."""

    def __init__(self, jobs, *, following=None):
        self.jobs, self.following, self.created, self.pages = jobs, following, 0, 0

    def __call__(self, request):
        path = request.path.split("?")[0]
        if request.method == "POST":
            self.created += 1
            return Answer(silent=True) if self.created == 1 else Answer(200, {**JOB, "id": "750new"})
        if path == DATA:
            return Answer(200, {"identity": "https://login.salesforce.com/id/00D000000000001AAA/005000000000001AAA"})
        if path == f"{DATA}/jobs/query":
            self.pages += 1
            if self.pages > MANY:
                return Answer(410, [{"errorCode": "TOO_MANY", "message": "the reader did not stop"}])
            following = f"{DATA}/jobs/query?queryLocator={self.following(self.pages)}" if self.following else None
            return Answer(200, {"records": self.jobs, "done": following is None, "nextRecordsUrl": following})
        return Answer(200, {})


def job(**changed):
    ours = {
        "id": "750found",
        "operation": "queryAll",
        "object": "Account",
        "createdById": "005000000000001AAA",
        "createdDate": "2999-01-01T00:00:00.000+0000",
        "state": "InProgress",
    }
    return ours | changed


TAKEN_UP = {"the only one it can be": [job(), job(id="750old", createdDate="2020-01-01T00:00:00.000+0000")]}
CREATED_AGAIN = {
    "none": [],
    "an older one": [job(createdDate="2020-01-01T00:00:00.000+0000")],
    "another user's": [job(createdById="005000000000002AAA")],
    "another object's": [job(object="Contact")],
    "a query of live records only": [job(operation="query")],
    "one that failed": [job(state="Failed")],
    "two that it can be": [job(), job(id="750other")],
    "one without a date": [{"id": "750"}],
}


def after_an_ambiguous_create(tmp_path, **script):
    """Return the job that is used, and the requests."""
    answers = Ambiguous(**script)
    with serving(answers) as server:
        environment = SESSION | {"SALESFORCE_ENDPOINT": server.url}
        with SalesforceOrg.from_environment(environment, retry=QUICK) as org:
            org.limits()  # an answer with Salesforce's time
            with AccountReading(org, "SELECT Id FROM Account", tmp_path) as reading:
                used = reading.job_id
    return used, server.requests


@pytest.mark.parametrize("jobs", TAKEN_UP.values(), ids=TAKEN_UP)
def test_a_job_that_can_only_be_ours_is_reused_and_not_deleted(tmp_path, jobs):
    used, requests = after_an_ambiguous_create(tmp_path, jobs=jobs)
    assert used == "750found"
    assert {request.method for request in requests} == {"GET", "POST"}
    assert len([request for request in requests if request.method == "POST"]) == 1


@pytest.mark.parametrize("jobs", CREATED_AGAIN.values(), ids=CREATED_AGAIN)
def test_a_job_is_created_again_when_none_is_certainly_ours(tmp_path, jobs):
    used, requests = after_an_ambiguous_create(tmp_path, jobs=jobs)
    assert used == "750new"
    removed = [request.path for request in requests if request.method in ("PATCH", "DELETE")]
    assert removed == [f"{DATA}/jobs/query/750new"]


@pytest.mark.parametrize("jobs", [[job(object="Contact")], []], ids=["with jobs", "without"])
@pytest.mark.parametrize("following", [lambda n: "again", lambda n: f"page{n}"], ids=["in a circle", "on and on"])
def test_reading_an_endless_job_list_stops(tmp_path, jobs, following):
    used, requests = after_an_ambiguous_create(tmp_path, jobs=jobs, following=following)
    assert used == "750new"
    assert len(requests) < 10
