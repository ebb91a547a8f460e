import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from sf_insights.resources.account_list import AccountSource
from sf_insights.resources.retrying import RetryPolicy
from sf_insights.resources.salesforce import SalesforceOrg
from sf_insights.resources.transport import new_session

QUICK = RetryPolicy(tries=4, first_wait=0.01, longest_wait=0.05)


@pytest.fixture
def salesforce(org) -> Iterator[SalesforceOrg]:
    with connected(org) as salesforce:
        yield salesforce


@pytest.fixture
def token(org) -> str:
    """An access token that somebody else got."""
    form = {
        "grant_type": "client_credentials",
        "client_id": org.environment["SALESFORCE_CONSUMER_KEY"],
        "client_secret": org.environment["SALESFORCE_CONSUMER_SECRET"],
    }
    with new_session({}) as session:
        return session.post(f"{org.url}/services/oauth2/token", data=form).json()["access_token"]


def connected(org, changed=()) -> SalesforceOrg:
    """Return a client of the demo org, to be used in a with statement, with some variables changed."""
    return SalesforceOrg.from_environment(org.environment | dict(changed), retry=QUICK)


def calls(org, method, ending):
    """The requests of a method so far whose path, which has no query, ends so."""
    return [request for request in org.requests() if request["method"] == method and request["path"].endswith(ending)]


def listed(source: AccountSource) -> pl.DataFrame:
    """The accounts that a source lands."""
    with tempfile.TemporaryDirectory() as directory:
        landed = source.land(Path(directory) / "list")
        accounts = pl.read_parquet(landed.files)
    assert len(accounts) == landed.accounts
    return accounts
