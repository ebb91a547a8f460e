"""A warehouse that an earlier version wrote.

Commit 24bbfbd, the last one with version 1, wrote warehouse_of_schema_1.duckdb.gz from a demo org of 60 accounts (seed
1): synced as 2026-03-01, then after `pass_day` and `hide_field("Rating")` as 2026-03-02, with FIELDS; `gzip -9n`.
"""

import gzip
from pathlib import Path

FIELDS = [
    "Industry",
    "Rating",
    "CreatedDate",
    "NumberofLocations__c",
    {"field": "AnnualRevenue", "as": "metric", "label": "Annual revenue"},
    {"field": "ARR__c", "as": "metric"},
]
ACCOUNTS = 60
DAY = "2026-03-02"
_FILE = Path(__file__).with_name("warehouse_of_schema_1.duckdb.gz")


def put_older_warehouse(path: Path) -> None:
    """Write the warehouse of schema 1 to a path."""
    path.write_bytes(gzip.decompress(_FILE.read_bytes()))
