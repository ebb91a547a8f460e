"""The list of Insights accounts on its way into the warehouse: read piece by piece, however long it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

COLUMNS = ("Id", "AccountNumber", "Name", "CrmId", "Status")
SCHEMA = dict.fromkeys(COLUMNS, pl.String)

_RECORDS_PER_FILE = 100_000


@dataclass(frozen=True)
class LandedList:
    """A whole list on disk, in `directory`: Parquet files with the columns COLUMNS, all text; what is empty is null."""

    directory: Path
    accounts: int

    @property
    def files(self) -> str:
        """The Parquet files, as DuckDB and polars read them."""
        return str(self.directory / "*.parquet")

    def remove(self) -> None:
        """Remove the files, once they are in the warehouse."""
        shutil.rmtree(self.directory)


class AccountSource(Protocol):
    """Where the list of Insights accounts comes from: `name` for people, `api_calls` made so far."""

    @property
    def name(self) -> str: ...

    @property
    def api_calls(self) -> int: ...

    def check(self) -> None:
        """See that the accounts can be read, at little cost, before anything else is.

        Raises:
            Problem: they cannot.
        """
        ...

    def land(self, directory: Path) -> LandedList:
        """Read all accounts into `directory`, which is emptied before. Each has an Id, and no Id comes twice.

        Raises:
            Problem: there are none, or they are not usable.
        """
        ...


def land(batches: Iterable[pl.DataFrame], directory: Path) -> LandedList:
    """Write batches with the columns COLUMNS into `directory`, which is emptied before; see AccountSource.land."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    accounts, waiting = 0, [pl.DataFrame(schema=SCHEMA)]
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= _RECORDS_PER_FILE:
            accounts += _write(waiting, directory / f"{accounts:010}.parquet")
            waiting.clear()
    if waiting:
        accounts += _write(waiting, directory / f"{accounts:010}.parquet")
    return LandedList(directory, accounts)


def repeated_ids(accounts: pl.LazyFrame) -> pl.DataFrame:
    """Return each Id that stands in several rows, with their number as `rows`."""
    # Two Ids have one hash once in ten million lists of a million accounts, and then only cost the second look.
    hashes = accounts.select(pl.col("Id").drop_nulls().hash())
    given, different = hashes.select(pl.len(), pl.col("Id").n_unique().alias("n")).collect(engine="streaming").row(0)
    ids = accounts.select("Id").drop_nulls() if different < given else pl.LazyFrame(schema={"Id": pl.String})
    return ids.group_by("Id").agg(rows=pl.len()).filter(pl.col("rows") > 1).sort("Id").collect()


def _write(batches: list[pl.DataFrame], file: Path) -> int:
    frame = pl.concat(batches)
    frame.write_parquet(file, compression="lz4", statistics=False)
    return len(frame)
