"""Landed files that something removes or damages while the warehouse reads them."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from sf_insights.domain.problems import IncompleteData


@contextmanager
def lost_files_named(directory: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        if not any(name in str(error) for name in (str(directory), glob.escape(str(directory)))):
            raise
        raise lost_files(directory) from error


def lost_files(directory: Path) -> IncompleteData:
    return IncompleteData(
        f"Files in {directory} were removed or damaged while they were in use.",
        "Keep other programs away from that directory, look at the disk, and run again; nothing was changed.",
    )
