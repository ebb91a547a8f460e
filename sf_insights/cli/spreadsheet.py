"""CSV files for people's spreadsheets."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sf_insights.domain.problems import ConfigurationProblem

# The wide forms too, which some spreadsheets take for the narrow ones.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_csv(path: Path, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows so that a spreadsheet shows every text as it is and takes none for a formula.

    Raises:
        ConfigurationProblem: the file cannot be written.
    """
    try:
        # With a byte order mark, without which spreadsheets guess another encoding than UTF-8.
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(heads)
            writer.writerows([_cell(value) for value in row] for row in rows)
    except OSError as error:
        raise ConfigurationProblem(f"{path} cannot be written: {error.strerror}.", "Name another file.") from None


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
