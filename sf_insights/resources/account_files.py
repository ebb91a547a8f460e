"""The Insights accounts from a CSV or Parquet file, whatever its size."""

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.resources.account_list import COLUMNS, LandedList, SeenIds, land, repeated_ids

_NEEDED = ("Id", "CrmId")
_ROWS_AT_ONCE = 100_000
_MOST_LINES_NAMED = 5
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_IS_ACCOUNT = ~pl.all_horizontal(pl.col(COLUMNS).is_null())  # an empty line is none


class FileAccounts:
    """Accounts from a CSV or Parquet file whose columns have Zuora's API names."""

    api_calls = 0

    def __init__(self, path: Path) -> None:
        if path.suffix.lower() not in (".csv", ".parquet"):
            raise ConfigurationProblem(
                f"insights_accounts names {path.name}, which is neither a .csv nor a .parquet.",
                "Write the path of such a file, or zuora to read them from Zuora.",
            )
        self.path = path
        self.name = path.name

    def check(self) -> None:
        """See AccountSource: reads the Ids alone."""
        ids = SeenIds()
        for batch in self._batches(pl.col("Id")):
            ids.add(batch["Id"])
        with self._understood():
            accounts = self._accounts()
            self._refuse_wrong(ids, accounts, accounts)

    def land(self, directory: Path) -> LandedList:
        """See AccountSource.

        Raises:
            ConfigurationProblem: the file cannot be read, lacks a column, is empty, or has an account twice or
                without an Id.
        """
        landed = land((batch.filter(_IS_ACCOUNT) for batch in self._batches(pl.col(COLUMNS))), directory)
        with self._understood():
            # The Ids that were landed, since the file may be another one by now.
            self._refuse_wrong(landed.ids, pl.scan_parquet(landed.files), self._accounts())
        return landed

    def _batches(self, columns: pl.Expr) -> Iterator[pl.DataFrame]:
        with self._understood():
            accounts = self._accounts().select(columns)
            if self._is_csv():
                yield from accounts.collect_batches(chunk_size=_ROWS_AT_ONCE, maintain_order=True)
                return
            # As batches, polars would hold several row groups, which in a Parquet file may be the whole of it.
            rows = pl.scan_parquet(self.path, glob=False).select(pl.len()).collect().item()
            for start in range(0, rows, _ROWS_AT_ONCE):
                yield accounts.slice(start, _ROWS_AT_ONCE).collect()

    def _refuse_wrong(self, ids: SeenIds, read: pl.LazyFrame, accounts: pl.LazyFrame) -> None:
        """Refuse what was `read` with an account twice or without an Id; `accounts` says where these stand."""
        if ids.given < ids.rows:
            blank = accounts.filter(pl.col("Id").is_null(), _IS_ACCOUNT).select("row").collect()["row"].to_list()
            if blank:
                raise self._problem(f"has accounts without an Id ({self._places(blank)})", "Fill in Zuora's Id.")
        if not ids.given:
            raise self._problem("holds no accounts", "Export the accounts again.")
        if ids.may_repeat and len(repeated := repeated_ids(read)):
            first = repeated["Id"][0]
            places = accounts.filter(pl.col("Id") == first).select("row").collect()["row"].to_list()
            raise self._problem(
                f"has {len(repeated)} Ids in several rows each, such as {first} ({self._places(places)})",
                "Each account may stand in it once.",
            )

    def _accounts(self) -> pl.LazyFrame:
        """Return the columns COLUMNS and `row`, which counts from 0."""
        # A star in a path is a star: two files that look alike are not one list.
        if self._is_csv():
            wanted = self._wanted(pl.read_csv(self.path, n_rows=0, infer_schema=False, glob=False).columns)
            accounts = pl.scan_csv(self.path, infer_schema=False, glob=False)
        else:
            accounts = pl.scan_parquet(self.path, glob=False)
            wanted = self._wanted(accounts.collect_schema().names())
        absent = [pl.lit(None, pl.String).alias(name) for name in COLUMNS if name not in wanted]
        text = accounts.with_row_index("row").select("row", pl.col(wanted).cast(pl.String).replace("", None), *absent)
        return text.with_columns(pl.col("Id").str.strip_chars().replace("", None))

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """Turn what reading the file may raise into sentences about it."""
        try:
            yield
        except OSError as error:
            raise self._problem(
                f"cannot be read: {error.strerror or 'no such file'}", "Look at insights_accounts."
            ) from None
        except (TypeError, ValueError):
            raise self._problem("has a name that no file can have", "Look at insights_accounts.") from None
        except pl.exceptions.NoDataError:
            raise self._problem("is empty", "Export the accounts again.") from None
        except pl.exceptions.PolarsError as error:
            reason = str(error).splitlines()[0]
            raise self._problem(
                f"cannot be read: {reason}", "It must be UTF-8 text separated by commas, or Parquet."
            ) from None

    def _wanted(self, found: list[str]) -> list[str]:
        missing = [name for name in _NEEDED if name not in found]
        if missing:
            raise self._problem(
                f"has no column {' and no column '.join(missing)}; it has {', '.join(found)}",
                self._separated(found) or f"The columns need Zuora's API names: {', '.join(COLUMNS)}.",
            )
        return [name for name in COLUMNS if name in found]

    def _separated(self, found: list[str]) -> str | None:
        """What to do when the whole header is one column, since something else than a comma separates them."""
        for sign, name in _SEPARATORS.items():
            if self._is_csv() and len(found) == 1 and sign in found[0]:
                return f"Export it with commas; {name} separate its columns."
        return None

    def _places(self, rows: list[int]) -> str:
        """Say where in the file rows, counted from 0, are: by line in a CSV, where a record may have several."""
        if not self._is_csv():
            return f"rows {_listed([row + 1 for row in rows])}"
        csv.field_size_limit(sys.maxsize)
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            next(reader)
            lines, line = [], reader.line_num + 1
            for _ in reader:
                lines.append(line)
                line = reader.line_num + 1
        return f"lines {_listed([lines[row] for row in rows])}"

    def _is_csv(self) -> bool:
        return self.path.suffix.lower() == ".csv"

    def _problem(self, what: str, remedy: str) -> ConfigurationProblem:
        return ConfigurationProblem(f"The account file {self.path} {what}.", remedy)


def _listed(places: list[int]) -> str:
    named = ", ".join(str(place) for place in places[:_MOST_LINES_NAMED])
    return named if len(places) <= _MOST_LINES_NAMED else f"{named} and {len(places) - _MOST_LINES_NAMED} more"
