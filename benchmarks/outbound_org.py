"""The demo org for outbound benchmarks: each Account has one Insights account, and holds its values already."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from ruamel.yaml import YAML

from benchmarks.ingesting import update
from benchmarks.org import OrgInHome
from benchmarks.reading import bulk_pages, token
from sf_insights.demo.process import DemoOrg
from sf_insights.insights_accounts.landed_list import COLUMNS as ACCOUNT_COLUMNS

COLUMNS = tuple(f"Insights_Bench_{number}__c" for number in range(5))
OLD, NEW = "old", "new"
_CHANGED = 100  # one record of so many changes


class OutboundOrg(OrgInHome):
    """A demo org with one Insights account for each Account, whose values are in Salesforce already."""

    def __init__(self, org: DemoOrg, home: Path) -> None:
        super().__init__(org, home)
        self._home = home
        self._ids = self._read_ids()
        for number, name in enumerate(COLUMNS):
            org.add_field(name, f"Bench {number}", "string", value=f"{OLD}{number}", length=40)
        self._write_accounts()
        self._write_configuration()

    @property
    def records(self) -> int:
        return len(self._ids)

    def change_values(self) -> None:
        """Change the values of one account in a hundred, for the next sync: each day another hundredth, for good."""
        self._days += 1
        self._write_accounts()

    def put_back(self) -> None:
        """Let Salesforce hold the old values of the changed records again, after the floor has written them."""
        csv = self._home / "old.csv"
        old = [pl.lit(f"{OLD}{number}").alias(name) for number, name in enumerate(COLUMNS)]
        pl.DataFrame({"Id": self._ids.gather_every(_CHANGED, self._days)}).with_columns(old).write_csv(csv)
        update(csv, self.environment)

    def _read_ids(self) -> pl.Series:
        variables, pages = self._org.environment, self._home / "ids"
        pages.mkdir(exist_ok=True)
        access = token(self._org.url, variables["SALESFORCE_CONSUMER_KEY"], variables["SALESFORCE_CONSUMER_SECRET"])
        files = list(bulk_pages(self._org.url, access, "SELECT Id, IsDeleted FROM Account", pages))
        rows = pl.concat(pl.read_csv(file, infer_schema=False) for file in files)
        return rows.filter(pl.col("IsDeleted") == "false")["Id"]

    def _write_accounts(self) -> None:
        number = pl.int_range(len(self._ids))
        is_new = (number % _CHANGED > 0) & (number % _CHANGED <= self._days)
        given = {
            "Id": pl.format("{}", number).str.zfill(32),
            "AccountNumber": pl.format("A{}", number),
            "Name": pl.format("Account {}", number),
            "CrmId": pl.lit(self._ids),
            "Status": pl.when(is_new).then(pl.lit(NEW)).otherwise(pl.lit(OLD)),
        }
        empty = pl.lit(None, dtype=pl.String)
        columns = [given.get(name, empty).alias(name) for name in ACCOUNT_COLUMNS]
        pl.select(columns).write_parquet(self._accounts)

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
