"""Clients of the demo org, for the tests of the rooms that talk to it."""

import tempfile
from pathlib import Path

import polars as pl

from sf_insights.insights_accounts.landed_list import AccountSource
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.transport.retry import RetryPolicy

QUICK = RetryPolicy(tries=4, first_wait=0.01, longest_wait=0.05)


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
