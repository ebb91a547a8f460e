"""Several warehouses of one org: one that syncs every day, and others that miss days."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from sf_insights_tests.pipeline.pipeline import Pipeline

FIRST = date(2026, 3, 1)  # the org's first day
# The org's own changes happen from 01:00 to 23:00, and those of a test in the first minutes of a day.
DAILY_AT = "00:30"


def day(number: int) -> str:
    """Return the org's day, from 0."""
    return str(FIRST + timedelta(number))


@pytest.fixture
def warehouses(sync: Pipeline, tmp_path: Path) -> Callable[[str], Pipeline]:
    """Return another data directory by name, with the same org."""

    def named(name: str) -> Pipeline:
        made = sync.beside(tmp_path / name)
        made.configure(daily_at=DAILY_AT)
        return made

    return named
