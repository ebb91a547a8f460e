"""The list of Insights accounts on its way into the warehouse: read piece by piece, however long it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from sf_insights.sql import files_in
from sf_insights.system.durable import PRIVATE_DIRECTORY
from sf_insights.system.signals import refuse_stopped

COLUMNS = ("Id", "AccountNumber", "Name", "CrmId", "Status")
SCHEMA = dict.fromkeys(COLUMNS, pl.String)

_RECORDS_PER_FILE = 100_000


class SeenIds:
    """What one look at each Id shows of a list, by 8 bytes of each: its `rows`, and how many of them have an Id."""

    def __init__(self) -> None:
        self.rows = 0
        self.given = 0
        self._hashes = [pl.Series(dtype=pl.UInt64)]

    def add(self, ids: pl.Series) -> None:
        """Look at the Ids of the next rows."""
        given = ids.drop_nulls()
        self.rows += len(ids)
        self.given += len(given)
        self._hashes.append(given.hash())

    @property
    def may_repeat(self) -> bool:
        """Whether an Id may stand in several rows. Among a million different ones, 1 list in 37 million says so too."""
        return pl.concat(self._hashes).n_unique() < self.given


@dataclass(frozen=True)
class LandedList:
    """A whole list on disk, in `directory`: Parquet files with the columns COLUMNS, all text; what is empty is null."""

    directory: Path
    ids: SeenIds

    @property
    def accounts(self) -> int:
        return self.ids.rows

    @property
    def files(self) -> str:
        """The Parquet files, as DuckDB and polars read them."""
        return files_in(self.directory, "*.parquet")

    def repeated_ids(self) -> pl.DataFrame:
        """See repeated_ids."""
        return repeated_ids(pl.scan_parquet(self.files))

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


def write_pieces(batches: Iterable[pl.DataFrame], directory: Path) -> LandedList:
    """Write a list that comes in batches with the columns COLUMNS into `directory`, which is emptied before."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True)
    ids, waiting = SeenIds(), [pl.DataFrame(schema=SCHEMA)]

    def write() -> None:
        frame = pl.concat(waiting)
        waiting.clear()
        frame.write_parquet(directory / f"{ids.rows:010}.parquet", compression="lz4", statistics=False)
        ids.add(frame["Id"])

    for batch in batches:
        refuse_stopped()
        waiting.append(batch)
        if sum(map(len, waiting)) >= _RECORDS_PER_FILE:
            write()
    if waiting:
        write()
    return LandedList(directory, ids)


def repeated_ids(accounts: pl.LazyFrame) -> pl.DataFrame:
    """Return each Id that stands in several rows, with their number as `rows`."""
    ids = accounts.select("Id").drop_nulls().group_by("Id").agg(rows=pl.len())
    return ids.filter(pl.col("rows") > 1).sort("Id").collect()
