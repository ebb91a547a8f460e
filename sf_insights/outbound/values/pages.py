"""Run a query by the Bulk API and read its CSV pages by SQL."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sf_insights.salesforce.account_reader import AccountReading
from sf_insights.salesforce.csv_pages import header_of
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.sql import csv_texts
from sf_insights.system.durable import PRIVATE_DIRECTORY


@contextmanager
def queried(org: SalesforceOrg, soql: str, directory: Path) -> Iterator[str | None]:
    """Download the records of a query, and yield a SQL query of them, as texts; None if there are no records.

    The pages are in `directory` until the block ends.
    """

    def read() -> None:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True)
        with AccountReading(org, soql, directory) as reading:
            for _ in reading.pages():
                pass

    try:
        org.retry.run(read)  # a query can fail temporarily
        yield _query_of(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _query_of(directory: Path) -> str | None:
    """Salesforce may order the columns of each page anew."""
    by_header: dict[tuple[str, ...], list[Path]] = defaultdict(list)
    for page in sorted(directory.glob("*.csv")):
        by_header[tuple(header_of(page))].append(page)
    return " UNION ALL BY NAME ".join(f"FROM {csv_texts(files, header)}" for header, files in by_header.items()) or None
