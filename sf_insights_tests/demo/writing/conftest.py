"""Clients that write to the demo org."""

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


def one(org: DemoOrg, id_: str, object_name: str = "Account") -> dict[str, Any]:
    """Return a record's truth."""
    return next(record for record in org.records(object_name) if record["Id"] == id_)
