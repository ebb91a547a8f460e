"""Read the Insights accounts from a CSV or Parquet file of any size.

A file that is not valid UTF-8 is refused, and the message names the line. Servers' answers are repaired instead, but an
invalid file is usually in another encoding as a whole, and a person can export it again.
"""

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from sf_insights.domain.problems import ConfigurationProblem, Problem
from sf_insights.domain.wording import counted
from sf_insights.insights_accounts.landed_list import COLUMNS, LandedList, SeenIds, repeated_ids, write_pieces

_NEEDED = ("Id", "CrmId")
_ROWS_AT_ONCE = 100_000
_MOST_LINES_NAMED = 5
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_IS_ACCOUNT = pl.col("is_account")
_HAS_NO_ID = pl.col("Id").is_null()


class FileAccounts:
    """Reads accounts from a CSV or Parquet file whose columns have Zuora's API names.

    Extra columns, which the setting `zuora_columns` names, are found by their names in any letter case.
    """

    api_calls = 0

    def __init__(self, path: Path, extra: Sequence[str] = ()) -> None:
        if path.suffix.lower() not in (".csv", ".parquet"):
            raise ConfigurationProblem(
                f"insights_accounts is {path.name}, which is neither a .csv nor a .parquet file.",
                "Write the path of such a file, or zuora to read the accounts from Zuora.",
            )
        self.path = path
        self.name = path.name
        self._extra = tuple(extra)
        self._columns = (*COLUMNS, *self._extra)

    def check(self) -> None:
        """See AccountSource. Reads every Id, and the other columns only if an Id is missing."""
        ids = SeenIds()
        for batch in self._batches(["Id"]):
            ids.add(batch["Id"])
        with self._understood():
            if ids.given < ids.rows and (blank := self._rows(_IS_ACCOUNT & _HAS_NO_ID)):
                raise self._without_id(blank)
            repeated = repeated_ids(self._accounts()) if ids.may_repeat else None
        self._refuse(ids.given, repeated)

    def land(self, directory: Path) -> LandedList:
        """See AccountSource.

        Raises:
            ConfigurationProblem: the file cannot be read, lacks a column, is empty, has an account twice or without
                an Id, or changed while it was read.
        """
        batches = self._batches([*self._columns, "is_account"])
        accounts = (batch.filter("is_account").select(self._columns) for batch in batches)
        landed = write_pieces(accounts, directory, self._extra)
        # From here on, check what was landed. The file may have changed, so read it only to find line numbers.
        if landed.ids.given < landed.ids.rows:
            raise self._without_id(self._rows_now(_IS_ACCOUNT & _HAS_NO_ID))
        self._refuse(landed.accounts, landed.repeated_ids() if landed.ids.may_repeat else None)
        return landed

    def _refuse(self, accounts: int, repeated: pl.DataFrame | None) -> None:
        if not accounts:
            raise self._problem("holds no accounts", "Export the accounts again.")
        if repeated is not None and len(repeated):
            first = repeated["Id"][0]
            places = self._places(self._rows_now(pl.col("Id") == first))
            ids = counted(len(repeated), "Id")
            raise self._problem(f"has {ids} more than once, such as {first}{places}", "List each account only once.")

    def _without_id(self, rows: list[int]) -> ConfigurationProblem:
        return self._problem(f"has accounts without an Id{self._places(rows)}", "Fill in Zuora's Id.")

    def _rows_now(self, condition: pl.Expr) -> list[int]:
        """Return the rows that meet the condition; none if the file can no longer be read."""
        try:
            return self._rows(condition)
        except (OSError, pl.exceptions.PolarsError, Problem):
            return []

    def _rows(self, condition: pl.Expr) -> list[int]:
        return self._accounts().filter(condition).select("row").collect()["row"].to_list()

    def _batches(self, columns: list[str]) -> Iterator[pl.DataFrame]:
        with self._understood():
            accounts, before = self._accounts().select(columns), self._identity()
            if self._is_csv():
                yield from accounts.collect_batches(chunk_size=_ROWS_AT_ONCE, maintain_order=True)
            else:
                # collect_batches would hold several row groups, which may be the whole Parquet file.
                rows = pl.scan_parquet(self.path, glob=False).select(pl.len()).collect().item()
                for start in range(0, rows, _ROWS_AT_ONCE):
                    yield accounts.slice(start, _ROWS_AT_ONCE).collect()
            if self._identity() != before:
                raise self._changed()

    def _accounts(self) -> pl.LazyFrame:
        """Return the columns as text, `row` (counted from 0) and `is_account` (false for empty lines)."""
        # Do not expand globs.
        if self._is_csv():
            schema: Mapping[str, pl.DataType] = pl.read_csv(
                self.path, n_rows=0, infer_schema=False, glob=False
            ).collect_schema()
            file = pl.scan_csv(self.path, infer_schema=False, glob=False)
        else:
            file = pl.scan_parquet(self.path, glob=False)
            schema = file.collect_schema()
        wanted = self._wanted(list(schema))
        absent = [pl.lit(None, pl.String).alias(name) for name in self._columns if name not in wanted]
        text = file.select(_as_text(column, schema[column]).alias(name) for name, column in wanted.items())
        text = text.select(_filled(pl.col(list(wanted))), *absent)
        is_account = ~pl.all_horizontal(pl.col(self._columns).is_null())
        return (
            text.with_row_index("row")
            .with_columns(is_account=is_account)
            .with_columns(_filled(pl.col("Id").str.strip_chars()))
        )

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """Turn errors from reading the file into problems with a remedy."""
        before = self._identity()
        try:
            yield
        except OSError as error:
            raise self._problem(
                f"cannot be read: {error.strerror or 'no such file'}", "Check insights_accounts."
            ) from None
        except pl.exceptions.NoDataError:
            raise self._problem("is empty", "Export the accounts again.") from None
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            if self._identity() != before:
                raise self._changed() from None
            reason = self._damage() or str(error).splitlines()[0]
            raise self._problem(
                f"cannot be read: {reason}", "It must be UTF-8 text separated by commas, or Parquet."
            ) from None

    def _identity(self) -> tuple[int, int, int]:
        """Return values that change when the file does: inode, size and modification time."""
        try:
            found = self.path.stat()
        except ValueError:
            raise self._problem("has an invalid name", "Check insights_accounts.") from None
        except OSError as error:
            raise self._problem(f"cannot be read: {error.strerror}", "Check insights_accounts.") from None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _changed(self) -> ConfigurationProblem:
        return self._problem("changed while it was read", "Run again when the file is complete.")

    def _wanted(self, found: list[str]) -> dict[str, str]:
        """Return the file's column of each column that it has."""
        missing = [name for name in _NEEDED if name not in found]
        if missing:
            raise self._problem(
                f"has no column {' and no column '.join(missing)}; it has {', '.join(found)}",
                self._separated(found) or f"The columns need Zuora's API names: {', '.join(COLUMNS)}.",
            )
        in_any_case = {name.casefold(): name for name in found}
        extra = {name: name if name in found else in_any_case.get(name.casefold()) for name in self._extra}
        if absent := [name for name, column in extra.items() if column is None]:
            raise self._problem(
                f"has no column {' and no column '.join(absent)}; it has {', '.join(found)}",
                "Add what is missing to the file, or remove it from zuora_columns.",
            )
        wanted = {name: name for name in COLUMNS if name in found} | {
            name: str(column) for name, column in extra.items()
        }
        twice = [name for name in wanted.values() if f"{name}_duplicated_0" in found]
        if twice:
            raise self._problem(f"has the column {twice[0]} twice", "Keep only one of the two.")
        return wanted

    def _separated(self, found: list[str]) -> str | None:
        """Return the remedy if the header is a single column because the separator is not a comma, else None."""
        for sign, name in _SEPARATORS.items():
            if self._is_csv() and len(found) == 1 and sign in found[0]:
                return f"Its columns are separated by {name}; export it with commas."
        return None

    def _places(self, rows: list[int]) -> str:
        """Format where rows, counted from 0, are in the file: line numbers for CSV, where records may span lines."""
        if self._is_csv():
            try:
                lines = [line for line, *_ in self._records()]
                places = [lines[row] for row in rows]
            except (OSError, ValueError, csv.Error, IndexError):  # the file has changed, or is not plain text
                return ""
        else:
            places = [row + 1 for row in rows]
        named = ", ".join(str(place) for place in places[:_MOST_LINES_NAMED])
        more = f" and {len(places) - _MOST_LINES_NAMED} more" if len(places) > _MOST_LINES_NAMED else ""
        unit = ("line" if self._is_csv() else "row") + ("" if len(places) == 1 else "s")
        return f" ({unit} {named}{more})" if places else ""

    def _damage(self) -> str | None:
        """Return the error in a CSV file with its line, or None when Python's reader finds none."""
        if not self._is_csv():
            return None
        try:
            with self.path.open("rb") as file:
                wrong = next((line for line, text in enumerate(file, 1) if not _is_utf8(text)), None)
            if wrong:
                return f"line {wrong} is not UTF-8"
            longer = ((line, values, columns) for line, values, columns in self._records() if values > columns)
            if found := next(longer, None):
                return "line {} has {} values, but the header has {}".format(*found)
        except csv.Error as error:
            return f"{error}, as when a quote is not closed"
        except OSError:
            pass
        return None

    def _records(self) -> Iterator[tuple[int, int, int]]:
        """Yield the first line of each record of a CSV file, and how many values the record and the header have."""
        csv.field_size_limit(sys.maxsize)
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            columns = len(next((row for row in reader if row), []))
            line = reader.line_num + 1
            try:
                for row in reader:
                    yield line, len(row), columns
                    line = reader.line_num + 1
            except csv.Error as error:
                raise csv.Error(f"the record that begins in line {line} is not valid CSV") from error

    def _is_csv(self) -> bool:
        return self.path.suffix.lower() == ".csv"

    def _problem(self, what: str, remedy: str) -> ConfigurationProblem:
        return ConfigurationProblem(f"The account file {self.path} {what}.", remedy)


def _as_text(name: str, type_: pl.DataType) -> pl.Expr:
    """Return a column of the file as text; a moment in Parquet as casting reads it, in UTC if it has a time zone."""
    column = pl.col(name)
    if isinstance(type_, pl.Datetime) and type_.time_zone:
        return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    return column.cast(pl.String)


def _filled(text: pl.Expr) -> pl.Expr:
    """Turn empty texts to null. `replace("", None)` would make polars hold a whole CSV file in memory."""
    return pl.when(text != "").then(text)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
