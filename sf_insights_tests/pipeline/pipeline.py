"""The language of the pipeline tests: run a day's sync with these settings, and read what analysts see."""

import contextlib
import functools
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from ruamel.yaml import YAML

from sf_insights.dagster_instance.run_news import News
from sf_insights.runs import run_backfill, run_relabelling, run_sync
from sf_insights.settings.home import CHECKOUT
from sf_insights.sql import literal

FIELDS = ["Industry", {"field": "AnnualRevenue", "as": "metric"}]
# Keeping the log of a run and copying its output take longer than the sync.
IN_MEMORY = """
run_storage: {module: sf_insights_tests.pipeline.dagster_storage, class: Runs}
event_log_storage: {module: sf_insights_tests.pipeline.dagster_storage, class: NoEvents}
schedule_storage:
  module: sf_insights_tests.pipeline.dagster_storage
  class: Schedules
  config: {base_dir: "%s"}
compute_logs: {module: dagster._core.storage.noop_compute_log_manager, class: NoOpComputeLogManager}
"""


@dataclass
class Run:
    """One run and the snapshot it left."""

    success: bool
    reason: str | None
    run_id: str
    snapshot: Path

    def rows(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        with _attached(self.snapshot) as connection:
            return connection.execute(sql, parameters).fetchall()

    def field(self, name: str) -> SimpleNamespace:
        with _attached(self.snapshot) as connection:
            result = connection.execute("FROM insights.fields WHERE field = ?", [name])
            names = [column[0] for column in result.description]
            return SimpleNamespace(**dict(zip(names, result.fetchall()[0], strict=True)))

    def attributes(self, name: str, where: str = "is_current") -> dict[str, Any]:
        """Return each account's value of an attribute."""
        return dict(self.rows(f'SELECT account_id, "{name}" FROM insights.account_attributes WHERE {where}'))

    def metric(self, name: str, day: str) -> dict[str, float]:
        """Return each account's value of a metric on a day."""
        sql = "SELECT account_id, value FROM insights.account_metrics WHERE metric = ? AND date = ?"
        return dict(self.rows(sql, [name, day]))

    def events(self, name: str) -> list[str]:
        sql = "SELECT event FROM insights.field_events WHERE field = ? ORDER BY date, rowid"
        return [event for (event,) in self.rows(sql, [name])]


class Pipeline:
    """Runs syncs in one data directory; settings stay from call to call until they are changed.

    A run that ends unexpectedly fails the test with the run's reason. `first_days` is the folder for cached data
    directories.
    """

    def __init__(
        self, data: Path, dagster_home: Path, monkeypatch: pytest.MonkeyPatch, first_days: Path | None = None
    ) -> None:
        self.data = data
        self.snapshot = data / "account_insights.duckdb"
        self.warehouse = data / "warehouse.duckdb"
        self.configuration = data / "account_field_sync.yaml"
        self._monkeypatch = monkeypatch
        self._first_days = first_days
        self._settings: dict[str, Any] = {"timezone": "UTC", "retry_for": "1m", "fields": FIELDS}
        data.mkdir()
        monkeypatch.setenv("SF_INSIGHTS_DATA_DIR", str(data))
        monkeypatch.setenv("DAGSTER_HOME", str(dagster_home))
        monkeypatch.delenv("SF_INSIGHTS_CONFIG", raising=False)

    def beside(self, data: Path) -> "Pipeline":
        """Return another data directory; `use` says which one the runs are for."""
        return Pipeline(data, Path(os.environ["DAGSTER_HOME"]), self._monkeypatch, self._first_days)

    def use(self) -> "Pipeline":
        """Let the next runs use this data directory."""
        self._monkeypatch.setenv("SF_INSIGHTS_DATA_DIR", str(self.data))
        return self

    def __call__(self, day: str, *, accept: list[str] | None = None, **settings: Any) -> Run:
        self.configure(**settings)
        return _succeeded(self.run(day, accept))

    def first_day(self, **settings: Any) -> Run:
        """Run the first sync, for 2026-03-01: it runs once for these settings and is then copied.

        For tests of later syncs or of the published data, not of this run itself.
        """
        self.configure(**settings)
        return self.once("2026-03-01", "synced")

    def once(self, day: str, name: str, then: Callable[[], object] = lambda: None) -> Run:
        """Sync the empty data directory on a day; then do what `name` says. Both happen once, and are then copied.

        The copies are for tests with the same org and settings. What a test changed in the org before is not noticed:
        let `name` say it.
        """
        said = f"{day}\n{name}\n{os.environ['SALESFORCE_ENDPOINT']}\n".encode() + self.configuration.read_bytes()
        assert self._first_days is not None
        made = self._first_days / hashlib.sha256(said).hexdigest()
        if made.exists():
            self._monkeypatch.setenv("SF_INSIGHTS_TODAY", day)
            shutil.copytree(made, self.data, dirs_exist_ok=True)
        else:
            _succeeded(self.run(day))
            then()
            shutil.copytree(self.data, made)
        return self.look()

    def fails(self, day: str, *, accept: list[str] | None = None, **settings: Any) -> Run:
        self.configure(**settings)
        return _failed(self.run(day, accept))

    def run(self, day: str, accept: list[str] | None = None, on_news: Callable[[News], None] | None = None) -> Run:
        """Run with the file unchanged and with any outcome."""
        self._monkeypatch.setenv("SF_INSIGHTS_TODAY", day)
        outcome = run_sync(accept or [], on_news)
        return Run(outcome.success, outcome.reason, outcome.run_id, self.snapshot)

    def backfill(self, *fields: str, since: str | None = None, is_dry: bool = False) -> Run:
        return _succeeded(self.run_backfill(*fields, since=since, is_dry=is_dry))

    def run_backfill(
        self,
        *fields: str,
        since: str | None = None,
        is_dry: bool = False,
        on_news: Callable[[News], None] | None = None,
    ) -> Run:
        """Backfill with any outcome."""
        day = date.fromisoformat(since) if since else None
        outcome = run_backfill(fields, day, is_dry=is_dry, on_news=on_news)
        return Run(outcome.success, outcome.reason, outcome.run_id, self.snapshot)

    def relabel(self, **settings: Any) -> Run:
        return _succeeded(self._relabelled(**settings))

    def relabel_fails(self, **settings: Any) -> Run:
        return _failed(self._relabelled(**settings))

    def _relabelled(self, **settings: Any) -> Run:
        self.configure(**settings)
        outcome = run_relabelling()
        return Run(outcome.success, outcome.reason, outcome.run_id, self.snapshot)

    def look(self) -> Run:
        """Return the current snapshot, from any run."""
        return Run(True, None, "", self.snapshot)

    def configure(self, **settings: Any) -> None:
        self._settings.update(settings)
        with self.configuration.open("w", encoding="utf-8") as file:
            YAML().dump(self._settings, file)

    def change_warehouse(self, sql: str) -> None:
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute(sql)

    def read_warehouse(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    def count(self, key: str) -> int:
        """Return the number of rows of the relation that an asset key names."""
        rows: int = self.read_warehouse(f"SELECT count(*) FROM {key.replace('/', '.')}")[0][0]
        return rows


def home_in_memory(directory: Path) -> Path:
    """Create a DAGSTER_HOME with the settings that we ship, but which keeps nothing of a run when its process ends."""
    shipped = (CHECKOUT / "dagster.yaml").read_text(encoding="utf-8")
    (directory / "dagster.yaml").write_text(shipped + IN_MEMORY % (directory / "schedules"), encoding="utf-8")
    return directory


def _succeeded(run: Run) -> Run:
    assert run.success, run.reason
    return run


def _failed(run: Run) -> Run:
    assert not run.success, "the run was expected to fail"
    return run


@contextlib.contextmanager
def open_snapshot(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@functools.cache
def _reader() -> duckdb.DuckDBPyConnection:
    """A DuckDB that stays, because each start of one takes longer than most queries; it starts no threads."""
    return duckdb.connect(config={"threads": 1})


@contextlib.contextmanager
def _attached(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a snapshot for one query."""
    with _reader().cursor() as connection:
        connection.execute(f"SET TimeZone = 'UTC'; ATTACH {literal(str(path))} AS snapshot (READ_ONLY); USE snapshot")
        try:
            yield connection
        finally:
            connection.execute("USE memory; DETACH snapshot")
