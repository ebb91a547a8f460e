"""From downloaded CSV pages to one typed, complete set of Parquet files: what the rest of a sync builds on."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from sf_insights.domain.casting import cast_page
from sf_insights.domain.field_types import ColumnType
from sf_insights.domain.problems import IncompleteSnapshot
from sf_insights.resources.csv_pages import CsvPage

ACCOUNTS = "accounts-*.parquet"
REJECTED = "rejected-*.parquet"


@dataclass
class LandedAccounts:
    """A snapshot on disk, in `directory`.

    `columns` are the types its values need, `filled` counts the live accounts that have a value, by field, and
    `rejected` the cells that did not fit their type.
    """

    directory: Path
    columns: dict[str, ColumnType]
    records: int = 0
    live: int = 0
    filled: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)

    @property
    def accounts(self) -> str:
        """The Parquet files of the accounts, as DuckDB reads them."""
        return str(self.directory / ACCOUNTS)

    @property
    def rejected_values(self) -> str | None:
        """The Parquet files of the rejected cells, None when there are none."""
        return str(self.directory / REJECTED) if self.rejected else None


def empty_landing(directory: Path) -> None:
    """Remove what an earlier sync landed."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)


def land_pages(pages: Iterable[CsvPage], columns: Mapping[str, ColumnType], directory: Path) -> LandedAccounts:
    """Turn each page into typed Parquet as it arrives; no more than one page is held in memory.

    Raises:
        IncompleteSnapshot: a page has other columns than were asked for, or fewer records than it should have.
    """
    landed = LandedAccounts(directory, dict(columns))
    for page in pages:
        text = _read(page, columns)
        cast = cast_page(text, columns)
        cast.frame.write_parquet(directory / ACCOUNTS.replace("*", f"{page.number:06}"))
        if not cast.rejected.is_empty():
            cast.rejected.write_parquet(directory / REJECTED.replace("*", f"{page.number:06}"))
            landed.rejected.update(cast.rejected["field"].to_list())
        page.path.unlink()
        live = cast.frame.filter(~pl.col("IsDeleted"))
        landed.records += len(cast.frame)
        landed.live += len(live)
        landed.filled.update({name: len(live) - count for name, count in live.null_count().row(0, named=True).items()})
        for name, needed in cast.columns.items():
            landed.columns[name] = landed.columns[name].widened(needed) or needed
    if not landed.records:
        raise IncompleteSnapshot(
            "Salesforce delivered no Account at all.",
            "The integration user needs the permission View All on Account; nothing was changed.",
        )
    return landed


def _read(page: CsvPage, columns: Mapping[str, ColumnType]) -> pl.DataFrame:
    """One page as text, its columns by name: not every server keeps their order from page to page."""
    try:
        text = pl.read_csv(page.path, infer_schema=False, null_values=[""])
    except pl.exceptions.PolarsError as error:
        raise IncompleteSnapshot(
            f"Page {page.number} of the Accounts cannot be read as CSV: {str(error).splitlines()[0]}.", "Run again."
        ) from None
    if set(text.columns) != set(columns):
        missing, foreign = sorted(set(columns) - set(text.columns)), sorted(set(text.columns) - set(columns))
        raise IncompleteSnapshot(
            f"Page {page.number} of the Accounts has other columns than were asked for"
            + (f"; without {', '.join(missing)}" if missing else "")
            + (f"; with {', '.join(foreign)}" if foreign else "")
            + ".",
            "Run again; nothing was changed.",
        )
    if len(text) != page.records:
        raise IncompleteSnapshot(
            f"Page {page.number} of the Accounts has {len(text)} records where {page.records} arrived.",
            "Run again; nothing was changed.",
        )
    if text["Id"].null_count():
        raise IncompleteSnapshot(f"Page {page.number} of the Accounts has records without an Id.", "Run again.")
    return text.select(list(columns))
