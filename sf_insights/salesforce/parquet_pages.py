"""Convert downloaded CSV pages to typed Parquet files, which the rest of a sync reads."""

from __future__ import annotations

import json
import shutil
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import polars as pl

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.casting import CastPage, cast_page
from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.domain.problems import IncompleteData
from sf_insights.salesforce.csv_pages import CsvPage, page_name
from sf_insights.salesforce.damaged_pages import NOTHING_DAMAGED, REASON, read_damaged
from sf_insights.salesforce.known_texts import KnownTexts, hashes_of
from sf_insights.sql import files_in
from sf_insights.system.durable import PRIVATE_DIRECTORY, write_note


@dataclass(frozen=True)
class LandedPage:
    """The content of one landed page.

    `cast` counts the records that were not known; only they have all their values in a Parquet file. `columns` are the
    types that the values in the files need. By field, `filled` counts the live accounts of the page that have a value,
    and `rejected` counts the cells that did not fit their type or had invalid bytes. `checksums` are the checksums of
    its Parquet files, by file name.
    """

    records: int
    cast: int
    live: int
    columns: dict[str, ColumnType]
    filled: dict[str, int]
    rejected: dict[str, int]
    checksums: dict[str, int]

    def save(self, file: Path) -> None:
        content = asdict(self) | {"columns": {name: column.sql for name, column in self.columns.items()}}
        write_note(file, json.dumps(content))

    @classmethod
    def load(cls, file: Path) -> Self | None:
        """Load what `save` wrote; None when the file or one of the page's Parquet files is missing or damaged."""
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            columns = {name: ColumnType.parse(sql) for name, sql in content.pop("columns").items()}
            page = cls(columns=columns, **content)
            found = {name: _checksum(file.with_name(name)) for name in page.checksums}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None
        return page if found == page.checksums else None


class LandedAccounts:
    """The landed Accounts in `directory`: for each page its accounts, its rejected cells and a LandedPage.

    With `known`, only records with another text have values; of the others there are those of new columns. A further
    file has the Id and the hashes of each record. `requested` are the columns that were asked for.
    """

    def __init__(self, directory: Path, requested: Mapping[str, ColumnType], known: KnownTexts | None = None) -> None:
        self.directory = directory
        self.requested = requested
        self.known = known
        self.pages: dict[int, LandedPage] = {}

    @classmethod
    def found_in(cls, directory: Path, requested: Mapping[str, ColumnType], known: KnownTexts | None = None) -> Self:
        """Return the pages that an earlier process landed completely and that are intact; remove the others."""
        landed = cls(directory, requested, known)
        for file in directory.glob("accounts-*.json"):
            number = int(file.stem.removeprefix("accounts-"))
            page = LandedPage.load(file)
            if page is not None:
                landed.pages[number] = page
            else:
                for part in (*landed._files(number).values(), file):
                    part.unlink(missing_ok=True)
        return landed

    @property
    def records(self) -> int:
        return sum(page.records for page in self.pages.values())

    @property
    def cast(self) -> int:
        return sum(page.cast for page in self.pages.values())

    @property
    def live(self) -> int:
        return sum(page.live for page in self.pages.values())

    @property
    def columns(self) -> dict[str, ColumnType]:
        """The types that hold the values of every page."""
        return _widest(*(page.columns for page in self.pages.values()))

    @property
    def filled(self) -> Counter[str]:
        return sum((Counter(page.filled) for page in self.pages.values()), Counter())

    @property
    def rejected(self) -> Counter[str]:
        return sum((Counter(page.rejected) for page in self.pages.values()), Counter())

    @property
    def accounts(self) -> str:
        """A glob pattern of the accounts' Parquet files for DuckDB."""
        return files_in(self.directory, "accounts-*.parquet")

    @property
    def new_columns(self) -> list[str]:
        """The columns of which known records have no value yet; none if no record is known."""
        if self.known is None or self.known.hashes.is_empty():
            return []
        return [name for name in self.requested if name not in self.known.columns]

    @property
    def new_values(self) -> str:
        """A glob pattern of the files with the Id and the new columns of known records."""
        return files_in(self.directory, "new-*.parquet")

    @property
    def records_seen(self) -> str:
        """A glob pattern of the files with the Id and the hashes of each record; text_hash is null for misfits."""
        return files_in(self.directory, "seen-*.parquet")

    @property
    def rejected_values(self) -> str | None:
        """A glob pattern of the rejected cells' Parquet files for DuckDB, None when there are none."""
        return files_in(self.directory, "rejected-*.parquet") if self.rejected else None

    def land(self, page: CsvPage) -> None:
        """Convert a page to typed Parquet and delete its CSV file. Only this page is held in memory.

        Raises:
            IncompleteData: the page has other columns than requested, another number of records than it should
                have, or an Id that is missing or has invalid bytes.
        """
        text, damaged = _read(page, self.requested)
        if self.known is None:
            hashes, is_known = None, pl.repeat(value=False, n=len(text), eager=True)
        else:
            hashes = hashes_of(text)
            is_known = self.known.has(text, hashes)
        unknown = text.filter(~is_known)
        cast, new = cast_page(unknown, self.requested), self._cast_new_columns(text.filter(is_known))
        rejected = pl.concat([cast.rejected, new.rejected])
        # Cells with invalid bytes in other columns do not fit their type, so cast_page already rejected them.
        texts = [name for name, column in self.requested.items() if column.kind == "text"]
        misfits = pl.concat([rejected, damaged.filter(pl.col("field").is_in(texts))])
        is_live = (text["IsDeleted"] == "false").fill_null(value=False)
        landed = LandedPage(
            records=len(text),
            cast=len(unknown),
            live=int(is_live.sum()),
            columns=_widest(cast.columns, new.columns),
            filled=_filled(text, is_live, rejected),
            rejected=dict(Counter(misfits["field"].to_list())),
            checksums=self._write(
                page.number,
                accounts=cast.frame,
                rejected=None if misfits.is_empty() else misfits,
                seen=_seen(text["Id"], hashes, misfits) if hashes is not None else None,
                new=new.frame if self.new_columns else None,
            ),
        )
        # Saved last, since a page counts as landed only with this file if the process dies.
        landed.save(self.directory / f"{page_name(page.number)}.json")
        self.pages[page.number] = landed
        page.path.unlink()

    def _cast_new_columns(self, known: pl.DataFrame) -> CastPage:
        columns = {name: self.requested[name] for name in ("Id", *self.new_columns)}
        return cast_page(known.select(list(columns)), columns)

    def _write(self, number: int, **frames: pl.DataFrame | None) -> dict[str, int]:
        """Write the Parquet files of a page, by kind; return their checksums by name."""
        written = {}
        for kind, file in self._files(number).items():
            if (frame := frames[kind]) is not None:
                frame.write_parquet(file, compression="lz4", statistics=False)  # read soon and kept for minutes
                written[file.name] = _checksum(file)
        return written

    def _files(self, number: int) -> dict[str, Path]:
        """Return the path of each kind of file of a page."""
        prefixes = {"accounts": "", "rejected": "rejected-", "seen": "seen-", "new": "new-"}
        return {kind: self.directory / f"{prefix}{page_name(number)}.parquet" for kind, prefix in prefixes.items()}


def empty_landing(directory: Path) -> None:
    """Delete all landed files of an earlier sync."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True)


def _widest(*needed: Mapping[str, ColumnType]) -> dict[str, ColumnType]:
    """Return the types that hold all of these values."""
    columns: dict[str, ColumnType] = {}
    for types in needed:
        for name, type_ in types.items():
            columns[name] = columns.get(name, type_).widened(type_) or type_
    return columns


def _seen(ids: pl.Series, hashes: pl.DataFrame, misfits: pl.DataFrame) -> pl.DataFrame:
    """Return one row (Id, id_hash, text_hash) per record.

    text_hash is null for a record with misfits: it is cast again each day, since they are reported each day.
    """
    fits = ~pl.col("Id").is_in(misfits["record_id"].implode())
    return pl.DataFrame([ids, *hashes]).with_columns(text_hash=pl.when(fits).then("text_hash"))


def _filled(text: pl.DataFrame, is_live: pl.Series, rejected: pl.DataFrame) -> dict[str, int]:
    """Count the values of live records by field: the texts, without the rejected ones."""
    nulls, nulls_of_deleted = (rows.null_count().row(0, named=True) for rows in (text, text.filter(~is_live)))
    live_ids = text["Id"].filter(is_live)
    lost = (
        Counter(rejected.filter(pl.col("record_id").is_in(live_ids.implode()))["field"].to_list())
        if len(rejected)
        else {}
    )
    return {name: len(live_ids) - (count - nulls_of_deleted[name]) - lost.get(name, 0) for name, count in nulls.items()}


def _checksum(file: Path) -> int:
    """Return a CRC-32 of a file; it detects damage, and nobody forges these files."""
    checksum = 0
    with file.open("rb") as content:
        while chunk := content.read(1 << 20):
            checksum = zlib.crc32(chunk, checksum)
    return checksum


def _read(page: CsvPage, columns: Mapping[str, ColumnType]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read a page as text with the requested columns; servers may change their order and spelling between pages.

    Returns:
        The page, and one row (record_id, field, text, reason) per cell with invalid bytes.
    """
    text, damaged = _text_of(page)
    spelled = ByApiName((name, name) for name in columns)
    asked_for = {name: spelled.get(name, name) for name in text.columns}
    if len(set(asked_for.values())) == len(asked_for):  # else a column appears twice; refused below
        text = text.rename(asked_for)
        damaged = damaged.with_columns(pl.col("field").replace(asked_for))
    if set(text.columns) != set(columns):
        missing, foreign = sorted(set(columns) - set(text.columns)), sorted(set(text.columns) - set(columns))
        raise IncompleteData(
            f"{page.title} has other columns than requested"
            + (f"; without {', '.join(missing)}" if missing else "")
            + (f"; with {', '.join(foreign)}" if foreign else "")
            + ".",
            "Run again; nothing was changed.",
        )
    if len(text) != page.records:
        raise IncompleteData(
            f"{page.title} has {len(text)} records, but {page.records} arrived.",
            "Run again; nothing was changed.",
        )
    if text["Id"].null_count():
        raise IncompleteData(f"{page.title} has records without an Id.", "Run again.")
    damaged_ids = damaged.filter(pl.col("field") == "Id")["text"]
    if len(damaged_ids):
        raise IncompleteData(
            f"{page.title} has an Id with invalid bytes: {damaged_ids[0]}.",
            "Run again; nothing was changed.",
        )
    named = damaged.select(
        pl.Series("record_id", text["Id"].gather(damaged["row"])), "field", "text", pl.lit(REASON).alias("reason")
    )
    return text.select(list(columns)), named


def _text_of(page: CsvPage) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read a page, with read_damaged only if it cannot be read directly. See there for the result."""
    try:
        return pl.read_csv(page.path, infer_schema=False, null_values=[""], glob=False), NOTHING_DAMAGED
    except pl.exceptions.PolarsError:
        pass
    try:
        return read_damaged(page.path)
    except pl.exceptions.PolarsError as error:
        raise IncompleteData(
            f"{page.title} cannot be read as CSV: {str(error).splitlines()[0]}.", "Run again."
        ) from None
