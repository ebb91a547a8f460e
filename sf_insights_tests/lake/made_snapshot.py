"""A published file of any size, made without a sync: the tables of a warehouse, filled with accounts that change."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb

from sf_insights.sql import render
from sf_insights.warehouse.versions import SCHEMA_VERSION, STORAGE_VERSION

ORG_ID = "00D000000000001AAA"
FIRST_DAY = date(2026, 3, 1)
_WORDS = 12  # columns of text per account


class MadeSnapshot:
    """A snapshot that its owner moves on day by day, as syncs would. `file` is replaced by each day."""

    def __init__(self, file: Path, accounts: int, org_id: str = ORG_ID) -> None:
        self.file, self.accounts, self.sync = file, accounts, 0
        self._source = file.with_name("made_source.duckdb")
        texts = ", ".join(
            f'md5((i * {column + 3} % 5000)::VARCHAR)[:12] AS "Text{column}__c"' for column in range(_WORDS)
        )
        with self._opened() as made:
            made.execute(render("schema/schema"))
            made.execute(render("ids/sf_id18"))
            made.execute("INSERT INTO ops.warehouse VALUES (?, ?, now())", [org_id, SCHEMA_VERSION])
            for column in range(_WORDS):
                made.execute(f'ALTER TABLE ops.attribute_values ADD COLUMN "Text{column}__c" VARCHAR')
            made.execute(f"""
                INSERT INTO ops.attribute_values BY NAME
                SELECT md5(i::VARCHAR) AS account_id, 'A' || i AS account_number, 'Account ' || i AS account_name,
                    md5('s' || i)[:18] AS salesforce_account_id, true AS is_current,
                    DATE '2026-03-01' AS first_matched_on,
                    {texts}
                FROM range({accounts}) AS numbers(i)
            """)
            made.execute("""
                INSERT INTO ops.metric_history BY NAME
                SELECT account_id, 'AnnualRevenue' AS metric, hash(account_id) % 100000 AS value,
                    DATE '2026-03-01' AS valid_from, hash(account_id) % 100000 AS exact_value
                FROM ops.attribute_values
            """)
        self.next_day(share=0)

    def next_day(self, share: float = 0.01, *statements: str) -> None:
        """Change this share of the accounts, run these statements, note a new sync, and publish."""
        self.sync += 1
        day = FIRST_DAY + timedelta(days=self.sync - 1)
        chosen = f"hash(account_id, {self.sync}) % 100000 < {round(share * 100_000)}"
        with self._opened() as made:
            made.execute(f"""
                INSERT INTO ops.attribute_changes BY NAME
                SELECT account_id, 'Text0__c' AS field, DATE '{day}' AS changed_on,
                    DATE '{day}' - 1 AS previous_synced_on, "Text0__c" AS old_value,
                    'day {self.sync}' AS new_value, 'value_changed' AS reason
                FROM ops.attribute_values WHERE {chosen}
            """)
            made.execute(f"""UPDATE ops.attribute_values SET "Text0__c" = 'day {self.sync}' WHERE {chosen}""")
            for statement in statements:
                made.execute(statement)
            made.execute("DELETE FROM insights.snapshot")
            made.execute(
                "INSERT INTO insights.snapshot VALUES (?, ?, now(), '1', '1', ?, now())",
                [self.sync, day, SCHEMA_VERSION],
            )
        part = self.file.with_name("made_part.duckdb")
        part.write_bytes(self._source.read_bytes())
        part.replace(self.file)

    def _opened(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self._source), config={"storage_compatibility_version": STORAGE_VERSION})
