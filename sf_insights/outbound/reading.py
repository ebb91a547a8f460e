"""Read the published outbound file, for commands, pages and the schedule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sf_insights.domain.problems import WarehouseProblem
from sf_insights.settings.environment import Places
from sf_insights.warehouse.reading import reading_file
from sf_insights.warehouse.transaction import Transaction


@contextmanager
def reading_outbound(places: Places) -> Iterator[Transaction]:
    """Read account_outbound.duckdb, which never waits for a run.

    Raises:
        WarehouseProblem: nothing was previewed or sent yet, or the file cannot be opened.
    """
    file = places.published_outbound
    if not file.exists():
        raise WarehouseProblem("Nothing has been sent to Salesforce yet.", "Run `sf-insights outbound preview`.")
    with reading_file(file, "Run `sf-insights outbound send` to write it again.") as tx:
        yield tx
