"""The columns that the setting `zuora_columns` adds to a list: typed piece by piece, as the pieces are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from sf_insights.domain.fields.casting import cast_page
from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.domain.zuora_columns import column_type
from sf_insights.sql import files_in
from sf_insights.system.durable import PRIVATE_DIRECTORY


class ExtraColumns:
    """Casts the text of extra columns, and keeps the values that do not fit in `directory`.

    `types` are the types that hold the values so far; `rejected` counts the values that do not fit, by column.
    """

    def __init__(self, names: Iterable[str], directory: Path) -> None:
        self.types: dict[str, ColumnType] = {name: column_type(name) for name in names}
        self.rejected: Counter[str] = Counter()
        self._directory = directory

    @property
    def rejected_values(self) -> str | None:
        """A glob pattern of Parquet files (record_id, field, text, reason); None if every value fits."""
        return files_in(self._directory, "*.parquet") if self.rejected else None

    def cast(self, accounts: pl.DataFrame, piece: str) -> pl.DataFrame:
        """Return the accounts with typed extra columns; a value that does not fit its type is null.

        Args:
            accounts: text columns, with Id and the extra ones.
            piece: the name of the file for rejected values, without its ending.
        """
        if not self.types:
            return accounts
        text = accounts.with_columns(_readable(name, type_) for name, type_ in self.types.items())
        cast = cast_page(text, self.types)
        self.types = {name: self.types[name].widened(needed) or needed for name, needed in cast.columns.items()}
        if not cast.rejected.is_empty():
            self.rejected.update(cast.rejected["field"].to_list())
            self._directory.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
            cast.rejected.write_parquet(self._directory / f"{piece}.parquet")
        return accounts.with_columns(cast.frame.get_columns())


def _readable(name: str, column: ColumnType) -> pl.Expr:
    """Return a column in the forms that casting reads.

    Older versions of Zuora's API write a date as midnight in the tenant's time zone. Spreadsheets write TRUE.
    Source: Zuora, "Date related fields in SOAP".
    """
    text = pl.col(name)
    match column.kind:
        case "boolean":
            return text.str.to_lowercase()
        case "date":
            return text.str.replace(r"^(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}.*$", "${1}")
        case "timestamp":
            return text.str.replace(r"^(\d{4}-\d{2}-\d{2}) (\d{2}:)", "${1}T${2}")
        case _:
            return text
