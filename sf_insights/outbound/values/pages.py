"""Read the CSV pages of a query by SQL."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from sf_insights.salesforce.csv_pages import header_of
from sf_insights.sql import csv_texts


def read_pages(directory: Path) -> str:
    """Return a query of all pages in a directory, as texts. Salesforce may order the columns of each page anew."""
    by_header: dict[tuple[str, ...], list[Path]] = defaultdict(list)
    for page in sorted(directory.glob("*.csv")):
        by_header[tuple(header_of(page))].append(page)
    return " UNION ALL BY NAME ".join(f"FROM {csv_texts(files, header)}" for header, files in by_header.items())
