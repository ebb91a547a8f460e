"""Clients of the demo org for tests of the rooms that call Salesforce or Zuora."""

import tempfile
from pathlib import Path

import polars as pl

from sf_insights.insights_accounts.landed_list import AccountSource
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.transport.retry import RetryPolicy

QUICK = RetryPolicy(tries=4, first_wait=0.01, longest_wait=0.05)


def connected(org, changed=()) -> SalesforceOrg:
    """Return a client of the demo org for a with statement, with some variables changed."""
    return SalesforceOrg.from_environment(org.environment | dict(changed), retry=QUICK)


def calls(org, method, ending):
    """Return the requests so far with this method and this end of the path (without its query)."""
    return [request for request in org.requests() if request["method"] == method and request["path"].endswith(ending)]


def listed(source: AccountSource) -> pl.DataFrame:
    """Return the accounts that a source delivers."""
    with tempfile.TemporaryDirectory() as directory:
        landed = source.land(Path(directory) / "list")
        accounts = pl.read_parquet(landed.files)
    assert len(accounts) == landed.accounts
    return accounts
