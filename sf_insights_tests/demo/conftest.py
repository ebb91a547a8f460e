"""A larger demo org, and clients that reach it the way they reach Salesforce."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce

from sf_insights.demo.data import credentials
from sf_insights.demo.process import DemoOrg

ACCOUNTS = 700


class ToTheOrg(HTTPAdapter):
    """Sends every request for a Salesforce host to the demo org."""

    def __init__(self, url: str) -> None:
        self.target = urlsplit(url)
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        assert request.url is not None
        address = urlsplit(request.url)
        request.url = urlunsplit((self.target.scheme, self.target.netloc, address.path, address.query, ""))
        return super().send(request, *args, **kwargs)


@pytest.fixture(scope="session")
def running_org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoOrg]:
    with DemoOrg.started(tmp_path_factory.mktemp("org"), accounts=ACCOUNTS) as org:
        yield org


@pytest.fixture
def session(org: DemoOrg) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", ToTheOrg(org.url))
        yield session


@pytest.fixture
def salesforce(session: requests.Session) -> Salesforce:
    return Salesforce(
        consumer_key=credentials.CONSUMER_KEY,
        consumer_secret=credentials.CONSUMER_SECRET,
        domain=credentials.MY_DOMAIN,
        session=session,
        version="62.0",
    )


@pytest.fixture
def rest(salesforce: Salesforce, session: requests.Session) -> Callable[..., requests.Response]:
    """Call the REST API with a method and a path below /services/data/v62.0/."""

    def call(method: str, path: str, **kwargs: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {salesforce.session_id}", **kwargs.pop("headers", {})}
        url = path if path.startswith("https://") else f"https://demo.my.salesforce.com/services/data/v62.0/{path}"
        return session.request(method, url, headers=headers, timeout=30, **kwargs)

    return call


@pytest.fixture
def bulk(rest: Callable[..., requests.Response]) -> "BulkClient":
    return BulkClient(rest)


class BulkClient:
    """A plain Bulk API 2.0 client, for details that simple-salesforce does not expose."""

    def __init__(self, rest: Callable[..., requests.Response]) -> None:
        self.rest = rest

    def create(self, soql: str, operation: str = "queryAll", **options: Any) -> dict[str, Any]:
        response = self.rest("POST", "jobs/query", json={"operation": operation, "query": soql, **options})
        assert response.status_code == 200, response.text
        job: dict[str, Any] = response.json()
        return job

    def finished(self, soql: str, operation: str = "queryAll", **options: Any) -> dict[str, Any]:
        return self.awaited(self.create(soql, operation, **options))

    def awaited(self, job: dict[str, Any]) -> dict[str, Any]:
        for _ in range(10_000):
            job = self.rest("GET", f"jobs/query/{job['id']}").json()
            if job["state"] in {"JobComplete", "Failed", "Aborted"}:
                return job
        raise AssertionError(f"the job stays {job['state']}")

    def results(self, job: dict[str, Any], **kwargs: Any) -> requests.Response:
        return self.rest("GET", f"jobs/query/{job['id']}/results", **kwargs)
