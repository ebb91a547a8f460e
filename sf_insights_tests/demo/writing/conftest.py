"""Clients that write to the demo org."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
import requests

from sf_insights.demo.process import DemoOrg

Update = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def update(rest: Callable[..., requests.Response]) -> Update:
    """Update Accounts through sObject Collections: pairs of id and values."""

    def call(*records: tuple[str, dict[str, Any]], all_or_none: bool = False, **kwargs: Any) -> list[dict[str, Any]]:
        body = {
            "allOrNone": all_or_none,
            "records": [{"attributes": {"type": "Account"}, "id": id_, **values} for id_, values in records],
        }
        answer = rest("PATCH", "composite/sobjects", json=body, **kwargs)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()
        return rows

    return call


@pytest.fixture
def live(org: DemoOrg) -> list[str]:
    """The ids of the live Accounts."""
    return [account["Id"] for account in org.accounts() if not account["IsDeleted"]]


def by_id(org: DemoOrg, object_name: str = "Account") -> dict[str, dict[str, Any]]:
    """Return the truth of all records."""
    return {record["Id"]: record for record in org.records(object_name)}


def one(org: DemoOrg, id_: str, object_name: str = "Account") -> dict[str, Any]:
    """Return a record's truth."""
    return by_id(org, object_name)[id_]


class IngestClient:
    """A plain Bulk API 2.0 ingest client, for details that simple-salesforce does not expose."""

    def __init__(self, rest: Callable[..., requests.Response]) -> None:
        self.rest = rest

    def create(self, name: str = "Account", operation: str = "update", **options: Any) -> dict[str, Any]:
        answer = self.rest("POST", "jobs/ingest", json={"object": name, "operation": operation, **options})
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def upload(self, job: dict[str, Any], content: bytes) -> requests.Response:
        headers = {"Content-Type": "text/csv"}
        return self.rest("PUT", f"jobs/ingest/{job['id']}/batches", data=content, headers=headers)

    def set_state(self, job: dict[str, Any], state: str = "UploadComplete") -> requests.Response:
        return self.rest("PATCH", f"jobs/ingest/{job['id']}", json={"state": state})

    def show(self, job: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = self.rest("GET", f"jobs/ingest/{job['id']}").json()
        return shown

    def awaited(self, job: dict[str, Any]) -> dict[str, Any]:
        for _ in range(10_000):
            shown = self.show(job)
            if shown["state"] in {"JobComplete", "Failed", "Aborted"}:
                return shown
        raise AssertionError(f"the job stays {shown['state']}")

    def started(self, content: bytes | str, **options: Any) -> dict[str, Any]:
        """Create a job, upload its CSV and close it."""
        job = self.create(**options)
        sent = content if isinstance(content, bytes) else content.encode()
        assert self.upload(job, sent).status_code == 201
        assert self.set_state(job).status_code == 200
        return job

    def finished(self, content: bytes | str, **options: Any) -> dict[str, Any]:
        return self.awaited(self.started(content, **options))

    def result(self, job: dict[str, Any], kind: str, **dialect: Any) -> list[dict[str, str]]:
        answer = self.rest("GET", f"jobs/ingest/{job['id']}/{kind}")
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.content.decode(), newline=""), strict=True, **dialect))

    def errors(self, job: dict[str, Any]) -> dict[str, str]:
        return {row["Id"]: row["sf__Error"] for row in self.result(job, "failedResults")}


@pytest.fixture
def ingest(rest: Callable[..., requests.Response]) -> IngestClient:
    return IngestClient(rest)


def table(header: str, *rows: str) -> str:
    """Return a CSV with LF."""
    return "\n".join([header, *rows]) + "\n"
