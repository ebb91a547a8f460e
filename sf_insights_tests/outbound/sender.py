"""The language of the outbound tests: preview, accept and send with a mapping, and look at what the org holds."""

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from sf_insights.demo.process import DemoOrg
from sf_insights.outbound.acceptance import accept_preview, forget_sent, retry_refused
from sf_insights.outbound.reading import reading_outbound
from sf_insights.outbound.reports.status import last_previewed
from sf_insights.runs import Outcome, run_outbound
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import Places, environment
from sf_insights_tests.pipeline.pipeline import Pipeline

STATUS = {"from": "account_status", "to": "Insights_Status__c"}


class Sender:
    """Runs the outbound job; settings stay from call to call until they are changed.

    `first_days` is the folder for copies of the data directory.
    """

    def __init__(self, org: DemoOrg, sync: Pipeline, first_days: Path | None = None) -> None:
        self.org = org
        self.sync = sync
        self._first_days = first_days
        self.settings: dict[str, Any] = {"fields": [STATUS]}

    def configure(self, **settings: Any) -> None:
        self.settings.update(settings)
        self.sync.configure(outbound={name: value for name, value in self.settings.items() if value is not None})

    def values(self, sql: str) -> None:
        """Take values from a SELECT."""
        (self.sync.data / "outbound.sql").write_text(sql, encoding="utf-8")
        self.configure(values="outbound.sql")

    def run(self, mode: Any = "send", accept: tuple[str, ...] = (), limit: int | None = None) -> Outcome:
        """Run the job with any outcome."""
        return run_outbound(mode, accept=accept, limit=limit)

    def preview(self, **settings: Any) -> Outcome:
        if settings or "outbound" not in self.sync.configuration.read_text():
            self.configure(**settings)
        return self._succeeded(self.run("preview"))

    def accept(self) -> Mapping[str, Any]:
        """Accept the last preview, as a person who read it, and return its run."""
        configuration = load_configuration(self.sync.configuration)
        assert configuration.outbound is not None
        places = Places.from_environment(environment())
        with reading_outbound(places) as tx:
            read = last_previewed(tx)
        return accept_preview(configuration.outbound, places, read)

    def previewed(self, **settings: Any) -> None:
        """Preview and accept after the first day: both happen once for these settings, and are then copied.

        For tests of what follows, with no SELECT, in which nobody changed the org before.
        """
        self.configure(**settings)
        said = self.org.url.encode() + self.sync.configuration.read_bytes()
        assert self._first_days is not None
        made = self._first_days / f"previewed_{hashlib.sha256(said).hexdigest()}"
        if made.exists():
            shutil.copytree(made, self.sync.data, dirs_exist_ok=True)
        else:
            self.preview()
            self.accept()
            shutil.copytree(self.sync.data, made)

    def send(self, mode: Any = "send", **options: Any) -> Outcome:
        return self._succeeded(self.run(mode, **options))

    def fails(self, mode: Any = "send", **options: Any) -> str:
        """Run the job, which must fail, and return its reason."""
        outcome = self.run(mode, **options)
        assert not outcome.success, "the run was expected to fail"
        return str(outcome.reason)

    def first_send(self, **settings: Any) -> Outcome:
        """Preview, accept and send; the counters of the org start at zero afterwards."""
        self.preview(**settings)
        self.accept()
        return self.send()

    def _succeeded(self, outcome: Outcome) -> Outcome:
        assert outcome.success, outcome.reason
        return outcome

    # What the file says

    def rows(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.sync.data / "account_outbound.duckdb"), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(sql, parameters).fetchall()

    def last_run(self) -> dict[str, Any]:
        with duckdb.connect(str(self.sync.data / "account_outbound.duckdb"), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            result = connection.execute("FROM outbound.runs ORDER BY run DESC LIMIT 1")
            names = [column[0] for column in result.description]
            return dict(zip(names, result.fetchall()[0], strict=True))

    # What the org holds

    def held(self, field: str, object_name: str = "Account") -> dict[str, Any]:
        """Return the value of a field by record id, of records that are not deleted."""
        records = self.org.records(object_name, "Id", "IsDeleted", field)
        return {row["Id"]: row[field] for row in records if not row["IsDeleted"]}

    def written(self) -> dict[str, dict[str, int]]:
        """Return how often each cell was written, by record id and field."""
        return {id_: found["cells"] for id_, found in self.org.writes().items()}

    def unchanged_writes(self) -> int:
        count: int = sum(found["unchanged"] for found in self.org.writes().values()) + sum(
            sum(cells.values()) for cells in self.org.unchanged_cells().values()
        )
        return count

    def retry(self) -> None:
        """Let the next run send refused values again."""
        retry_refused(Places.from_environment(environment()))

    def reset(self) -> None:
        """Forget what was sent."""
        forget_sent(Places.from_environment(environment()))
