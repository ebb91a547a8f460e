"""The demo org for outbound benchmarks: each Account has one Insights account, and holds its values already."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from ruamel.yaml import YAML

from benchmarks.org import OrgInHome
from sf_insights.demo.process import DemoOrg
from sf_insights.insights_accounts.landed_list import COLUMNS as ACCOUNT_COLUMNS

COLUMNS = tuple(f"Insights_Bench_{number}__c" for number in range(5))
OLD, NEW = "old", "new"
_CHANGED = 100  # one record of so many changes


class OutboundOrg(OrgInHome):
    """A demo org with one Insights account for each Account, whose values are in Salesforce already."""

    def __init__(self, org: DemoOrg, home: Path) -> None:
        super().__init__(org, home)
        self._ids = [row["Id"] for row in org.accounts() if not row["IsDeleted"]]
        for number, name in enumerate(COLUMNS):
            org.add_field(name, f"Bench {number}", "string", value=f"{OLD}{number}", length=40)
        self._write_accounts()
        self._write_configuration()

    @property
    def records(self) -> int:
        return len(self._ids)

    def change_values(self) -> None:
        """Change the values of one account in a hundred, for the next sync: each day another hundredth."""
        self._days += 1
        self._write_accounts()

    def put_back(self) -> None:
        """Let Salesforce hold the old values of the changed records again, after the floor has written them."""
        values = {name: f"{OLD}{number}" for number, name in enumerate(COLUMNS)}
        for id_ in self._ids[self._days :: _CHANGED]:
            self._org.edit("Account", id_, **values)

    def _write_accounts(self) -> None:
        rows = [
            {
                "Id": f"{number:032x}",
                "AccountNumber": f"A{number:09}",
                "Name": f"Account {number}",
                "CrmId": id_,
                "Status": NEW if self._days and number % _CHANGED == self._days else OLD,
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
