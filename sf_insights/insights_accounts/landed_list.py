"""The list of Insights accounts on disk, written in pieces before it is loaded into the warehouse."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import polars as pl

from sf_insights.domain.zuora_columns import ALWAYS_READ
from sf_insights.insights_accounts.extra_columns import ExtraColumns
from sf_insights.sql import files_in
from sf_insights.system.durable import PRIVATE_DIRECTORY
from sf_insights.system.signals import refuse_stopped

COLUMNS = tuple(ALWAYS_READ)

_RECORDS_PER_FILE = 100_000


class SeenIds:
    """Counts the `rows` of a list and those with an Id (`given`), and keeps 8 bytes per Id to detect duplicates."""

    def __init__(self) -> None:
        self.rows = 0
        self.given = 0
        self._hashes = [pl.Series(dtype=pl.UInt64)]

    def add(self, ids: pl.Series) -> None:
        """Add the Ids of the next rows."""
        given = ids.drop_nulls()
        self.rows += len(ids)
        self.given += len(given)
        self._hashes.append(given.hash())

    @property
    def may_repeat(self) -> bool:
        """Whether an Id may appear in several rows; also true by chance for 1 in 37 million lists of unique Ids."""
        return pl.concat(self._hashes).n_unique() < self.given


@dataclass(frozen=True)
class LandedList:
    """A complete list in `directory`: Parquet files with the text columns COLUMNS and the typed extra columns.

    Empty values are null. `refused` has the extra columns that the source refuses to deliver, and why; they are not in
    the files.
    """

    directory: Path
    ids: SeenIds
    extra: ExtraColumns
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def accounts(self) -> int:
        return self.ids.rows

    @property
    def files(self) -> str:
        """A glob pattern of the Parquet files for DuckDB and polars."""
        return files_in(self.directory, "*.parquet")

    def repeated_ids(self) -> pl.DataFrame:
        """See repeated_ids."""
        return repeated_ids(pl.scan_parquet(self.files))

    def remove(self) -> None:
        """Delete the files, once their content is in the warehouse."""
        shutil.rmtree(self.directory)


class AccountSource(Protocol):
    """A source of Insights accounts: its `name` for people, and the `api_calls` made so far."""

    @property
    def name(self) -> str: ...

    @property
    def api_calls(self) -> int: ...

    def check(self) -> None:
        """Check at low cost that the accounts can be read, before a sync reads anything else.

        Raises:
            Problem: they cannot be read.
        """
        ...

    def land(self, directory: Path) -> LandedList:
        """Read all accounts into `directory`, which is emptied first. Each account has an Id, and no Id appears twice.

        Raises:
            Problem: there are no accounts, or they are not usable.
        """
        ...


def schema_of(extra: Iterable[str]) -> dict[str, type[pl.String]]:
    """Return the schema of a batch for `write_pieces`: COLUMNS and the extra columns, all text."""
    return dict.fromkeys((*COLUMNS, *extra), pl.String)


def write_pieces(batches: Iterable[pl.DataFrame], directory: Path, extra: Sequence[str] = ()) -> LandedList:
    """Write batches of text with `schema_of(extra)` to Parquet files in `directory`, which is emptied first."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True)
    ids, waiting = SeenIds(), [pl.DataFrame(schema=schema_of(extra))]
    columns = ExtraColumns(extra, directory / "rejected")

    def write() -> None:
        piece = f"{ids.rows:010}"
        frame = columns.cast(pl.concat(waiting), piece)
        waiting.clear()
        frame.write_parquet(directory / f"{piece}.parquet", compression="lz4", statistics=False)
        ids.add(frame["Id"])

    for batch in batches:
        refuse_stopped()
        waiting.append(batch)
        if sum(map(len, waiting)) >= _RECORDS_PER_FILE:
            write()
    if waiting:
        write()
    return LandedList(directory, ids, columns)


def repeated_ids(accounts: pl.LazyFrame) -> pl.DataFrame:
    """Return each Id that appears in several rows, with their number as `rows`."""
    ids = accounts.select("Id").drop_nulls().group_by("Id").agg(rows=pl.len())
    return ids.filter(pl.col("rows") > 1).sort("Id").collect()
