"""CSV files for spreadsheets."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.spreadsheets import csv_lines


def write_csv(path: Path, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows that a spreadsheet shows as plain text, never as formulas.

    Raises:
        ConfigurationProblem: the file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(csv_lines(heads, rows))
    except OSError as error:
        raise ConfigurationProblem(f"Cannot write {path}: {error.strerror}.", "Choose another file.") from None
