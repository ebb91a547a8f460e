"""CSV files for spreadsheets."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sf_insights.domain.problems import ConfigurationProblem

# Full-width forms too: some spreadsheets read them like the ASCII ones.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_csv(path: Path, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows that a spreadsheet shows as plain text, never as formulas.

    Raises:
        ConfigurationProblem: the file cannot be written.
    """
    try:
        # Without a byte order mark, spreadsheets do not recognise UTF-8.
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(heads)
            writer.writerows([_cell(value) for value in row] for row in rows)
    except OSError as error:
        raise ConfigurationProblem(f"Cannot write {path}: {error.strerror}.", "Choose another file.") from None


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
