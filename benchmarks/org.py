"""The demo org for benchmarks: results are written before the measurement, and answers are not compressed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Self

import polars as pl
import requests

from benchmarks.reading import finished_job, token
from benchmarks.selection import ATTRIBUTES, METRICS, write_configuration
from sf_insights.demo.process import DemoOrg
from sf_insights.domain.fields.field_types import AccountField, ColumnType
from sf_insights.domain.soql import columns_to_read, select_accounts
from sf_insights.insights_accounts.landed_list import COLUMNS
from sf_insights.salesforce.org import SalesforceOrg

_FIRST_DAY = date(2026, 3, 1)
_ROWS_AT_ONCE = 100_000


class OrgInHome:
    """A demo org with its Insights accounts in a file. `environment` holds the variables to work with it in `home`."""

    def __init__(self, org: DemoOrg, home: Path) -> None:
        self._org = org
        self._days = 0
        self._accounts = home / "accounts.parquet"
        self.data = home / "data"
        self.data.mkdir(parents=True, exist_ok=True)

    @classmethod
    @contextmanager
    def started(cls, home: Path, accounts: int) -> Iterator[Self]:
        """Start it with all its files in `home`; reuse an org generated there before."""
        shutil.rmtree(home / "data", ignore_errors=True)
        with DemoOrg.started(home / f"org-{accounts}", accounts=accounts) as org:
            org.reset()
            yield cls(org, home)

    @property
    def environment(self) -> dict[str, str]:
        """All environment variables of a sync."""
        return {
            **self._org.environment,
            "SF_INSIGHTS_DATA_DIR": str(self.data),
            "SF_INSIGHTS_CONFIG": str(self.data / "account_field_sync.yaml"),
            "SF_INSIGHTS_TODAY": str(_FIRST_DAY + timedelta(days=self._days)),
            "DAGSTER_HOME": str(self.data / "dagster"),
        }


class MeasuredOrg(OrgInHome):
    """A demo org whose Zuora accounts are exported to a file, and whose Accounts are rendered each day."""

    def __init__(self, org: DemoOrg, home: Path) -> None:
        super().__init__(org, home)
        org.configure(gzip=False)
        self.select(ATTRIBUTES)
        self._render()

    def select(self, attributes: Sequence[str]) -> None:
        """Select these attributes and all metrics; the next day's result is rendered for them."""
        write_configuration(self.data / "account_field_sync.yaml", self._accounts, attributes)
        self.columns = self._columns(attributes)

    @property
    def soql(self) -> str:
        """The query of a sync."""
        return select_accounts(self.columns)

    def pass_day(self) -> dict[str, Any]:
        """Let a day pass, which changes one account in a hundred, and render the result."""
        self._days += 1
        changed = self._org.pass_day()
        self._render()
        return changed

    def api_calls(self) -> int:
        """Return the number of requests to Salesforce since the last call of this method."""
        calls = [request for request in self._org.requests() if request["path"].startswith("/services/data/")]
        self._org.clear_requests()
        return len(calls)

    def _columns(self, attributes: Sequence[str]) -> dict[str, ColumnType]:
        with SalesforceOrg.from_environment(self._org.environment) as org:
            fields = {entry["name"]: AccountField.from_describe(entry) for entry in org.describe("Account")["fields"]}
        return columns_to_read(fields, [fields[name] for name in (*attributes, *METRICS)])

    def _render(self) -> None:
        rows = ([row[name] for name in COLUMNS] for row in self._org.each_zuora_account())
        parts = []
        while part := list(islice(rows, _ROWS_AT_ONCE)):  # as one list, those of a large org would not fit into memory
            parts.append(pl.DataFrame(part, schema=dict.fromkeys(COLUMNS, pl.String), orient="row"))
        pl.concat(parts).write_parquet(self._accounts)
        variables = self._org.environment
        access = token(self._org.url, variables["SALESFORCE_CONSUMER_KEY"], variables["SALESFORCE_CONSUMER_SECRET"])
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {access}"
        session.delete(finished_job(session, self._org.url, self.soql), timeout=60)
        self._org.clear_requests()
        os.sync()  # or the first commit of a sync would wait until the disk has what was written here
