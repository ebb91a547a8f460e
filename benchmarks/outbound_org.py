"""The demo org for outbound benchmarks: each Account has one Insights account, and holds its values already."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from ruamel.yaml import YAML

from sf_insights.demo.process import DemoOrg
from sf_insights.insights_accounts.landed_list import COLUMNS as ACCOUNT_COLUMNS

COLUMNS = tuple(f"Insights_Bench_{number}__c" for number in range(5))
OLD, NEW = "old", "new"
_FIRST_DAY = date(2026, 3, 1)
_CHANGED = 100  # one record of so many changes


class OutboundOrg:
    """A demo org with its Insights accounts in a file, whose values are in Salesforce already.

    `environment` holds the variables to work with it in `home`.
    """

    def __init__(self, org: DemoOrg, home: Path) -> None:
        self._org = org
        self._days = 0
        self._accounts = home / "accounts.parquet"
        self.data = home / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self._ids = [row["Id"] for row in org.accounts() if not row["IsDeleted"]]
        for number, name in enumerate(COLUMNS):
            org.add_field(name, f"Bench {number}", "string", value=f"{OLD}{number}", length=40)
        self._write_accounts(changed=False)
        self._write_configuration()

    @classmethod
    @contextmanager
    def started(cls, home: Path, accounts: int) -> Iterator[OutboundOrg]:
        """Start it with all its files in `home`; reuse an org generated there before."""
        shutil.rmtree(home / "data", ignore_errors=True)
        with DemoOrg.started(home / f"org-{accounts}", accounts=accounts) as org:
            org.reset()
            yield cls(org, home)

    @property
    def records(self) -> int:
        return len(self._ids)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **self._org.environment,
            "SF_INSIGHTS_DATA_DIR": str(self.data),
            "SF_INSIGHTS_CONFIG": str(self.data / "account_field_sync.yaml"),
            "SF_INSIGHTS_TODAY": str(_FIRST_DAY + timedelta(days=self._days)),
            "DAGSTER_HOME": str(self.data / "dagster"),
        }

    def change_values(self) -> None:
        """Change the values of one account in a hundred, for the next sync."""
        self._days += 1
        self._write_accounts(changed=True)

    def put_back(self) -> None:
        """Let Salesforce hold the old values of the changed records again, for another measurement."""
        for id_ in self._ids[::_CHANGED]:
            values = {name: f"{OLD}{number}" for number, name in enumerate(COLUMNS)}
            self._org.edit("Account", id_, **values)

    def _write_accounts(self, *, changed: bool) -> None:
        rows = [
            {
                "Id": f"{number:032x}",
                "AccountNumber": f"A{number:09}",
                "Name": f"Account {number}",
                "CrmId": id_,
                "Status": NEW if changed and number % _CHANGED == 0 else OLD,
            }
            for number, id_ in enumerate(self._ids)
        ]
        pl.DataFrame(rows, schema=dict.fromkeys(ACCOUNT_COLUMNS, pl.String)).write_parquet(self._accounts)

    def _write_configuration(self) -> None:
        columns = ", ".join(f"account_status || {number} AS v{number}" for number in range(len(COLUMNS)))
        (self.data / "outbound.sql").write_text(f"SELECT account_id, {columns} FROM insights.accounts\n")
        settings = {
            "insights_accounts": str(self._accounts),
            "fields": ["Industry"],
            "outbound": {
                "values": "outbound.sql",
                "fields": [{"from": f"v{number}", "to": name} for number, name in enumerate(COLUMNS)],
            },
        }
        with (self.data / "account_field_sync.yaml").open("w", encoding="utf-8") as file:
            YAML().dump(settings, file)
