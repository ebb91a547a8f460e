"""Report landed files that another program removes or damages while the warehouse reads them."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from sf_insights.domain.problems import IncompleteData


@contextmanager
def translated_file_errors(directory: Path) -> Iterator[None]:
    """Translate DuckDB errors about files in this directory to IncompleteData."""
    try:
        yield
    except duckdb.Error as error:
        if not any(name in str(error) for name in (str(directory), glob.escape(str(directory)))):
            raise
        raise lost_files(directory) from error


def lost_files(directory: Path) -> IncompleteData:
    """Return the error for landed files that are missing or damaged."""
    return IncompleteData(
        f"Files in {directory} were removed or damaged while they were in use. Nothing was changed.",
        "Keep other programs away from that directory, check the disk, and run again.",
    )
