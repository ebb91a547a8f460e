"""A demo org with five recorded changes of each account, whose results are rendered before they are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import polars as pl
import requests

from benchmarks.org import OrgInHome
from benchmarks.reading import finished_job, token
from sf_insights.demo.process import DemoOrg
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.history.fields import CREATION_COLUMNS, HISTORY_COLUMNS, select_creation, select_history
from sf_insights.insights_accounts.landed_list import COLUMNS

CHANGES = 12  # of an account that changed since its creation; on average a little more than five of each
_SELECTION = """\
timezone: UTC
insights_accounts: {accounts}
fields:
  - Industry
  - Rating
  - SLA__c
  - Type
  - {{field: AnnualRevenue, as: metric}}
"""
_FIELDS = ("AnnualRevenue", "Industry", "Rating", "SLA__c", "Type")
_SQL = {"text": "VARCHAR", "boolean": "BOOLEAN", "timestamp": "TIMESTAMPTZ"}


class HistoryOrg(OrgInHome):
    """The org; its first sync is the only one."""

    @classmethod
    @contextmanager
    def started(cls, home: Path, accounts: int) -> Iterator[Self]:
        """Start it with all its files in `home`, and give each account its changes."""
        with super().started(home, accounts) as org:
            org.prepare()
            yield org

    def prepare(self) -> None:
        """Write the settings and the Insights accounts, fill AccountHistory, and render its results."""
        org: DemoOrg = self._org
        org.configure(gzip=False)
        org.fill_history(CHANGES, _FIELDS)
        rows = [{name: row[name] for name in COLUMNS} for row in org.zuora_accounts()]
        pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)).write_parquet(self._accounts)
        file = self.data / "account_field_sync.yaml"
        file.write_text(_SELECTION.format(accounts=self._accounts), encoding="utf-8")
        variables = org.environment
        access = token(org.url, variables["SALESFORCE_CONSUMER_KEY"], variables["SALESFORCE_CONSUMER_SECRET"])
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {access}"
        for _, soql, _ in self.queries():
            session.delete(finished_job(session, org.url, soql), timeout=60)

    def queries(self) -> list[tuple[str, str, dict[str, str]]]:
        """Return the name, the SOQL and the types of the columns of each query of a backfill."""
        fields = [AccountField(name, name, "string") for name in _FIELDS]
        found = []
        for name, soql, kinds in (
            ("changes", select_history(fields), HISTORY_COLUMNS),
            ("creation", select_creation(), CREATION_COLUMNS),
        ):
            found.append((name, soql, {column: _SQL[kind] for column, kind in kinds.items()}))
        return found
