"""Random days, synced by the pipeline and by a model of it: all tables agree after each day.

`make soak` runs sixty days of two seeds, `make test` the first four of one. The seeds come from
SF_INSIGHTS_SEEDS (1,2,...; even ones have several currencies). A failure names its seed;
`SF_INSIGHTS_SOAK=1 SF_INSIGHTS_SEEDS=7 pytest sf_insights_tests/model` repeats the same days.
"""

import math
import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights.warehouse.model.changes import changes_of
from sf_insights.warehouse.reading import reading_snapshot
from sf_insights_tests.model.days import FIELDS, NUMBER_FIELDS, RandomDays
from sf_insights_tests.model.past import Past, on_synced_days
from sf_insights_tests.model.product import Product
from sf_insights_tests.model.records import SILENT, Entry, Refused
from sf_insights_tests.model.texts import plain_text, plain_time, plain_timestamp
from sf_insights_tests.pipeline.pipeline import Pipeline, home_in_memory, open_snapshot
from sf_insights_tests.soak import IS_SOAK

SEEDS = [int(seed) for seed in os.environ.get("SF_INSIGHTS_SEEDS", "1,2" if IS_SOAK else "2").split(",")]
DAYS = 60 if IS_SOAK else 4
FIRST_DAY = date(2026, 3, 1)
OPS_DAYS = 3  # nothing may depend on rows deleted after these days
NO_GUARDS = {"max_row_drop": 1.0, "min_match_rate": 0.0}
COLUMNS = {
    "matched_accounts": "* EXCLUDE (match_reason)",
    "account_attributes": "*",
    "attribute_history": "* EXCLUDE (source)",
    "field_events": "* EXCLUDE (detail)",
    "field_labels": "* EXCLUDE (updated_at)",
    "accounts": "*",
    "snapshot": "synced_on",
}
# What syncs saw, which no backfill changes.
OF_SYNCS = {
    "attribute_changes": "FROM ops.attribute_changes SELECT * EXCLUDE (source) WHERE source = 'sync' AND field IN "
    "(SELECT field FROM insights.fields WHERE category = 'attribute' AND status IN ('active', 'paused'))",
    "account_metrics": "FROM insights.account_metrics SELECT * EXCLUDE (account_name, source) WHERE source = 'sync'",
    "metric_history": "FROM insights.metric_history SELECT * EXCLUDE (source) WHERE source = 'sync'",
    "metric_summary": "FROM insights.metric_summary SELECT * EXCLUDE (source) WHERE source = 'sync'",
    "field_days": "FROM insights.field_days SELECT * EXCLUDE (source) WHERE source = 'sync'",
}
FIELD_STATES = """
SELECT field, category, salesforce_label, salesforce_type, status, status_reason IS NOT NULL AS has_reason,
       status_since, first.day AS first_synced_on, last.day AS last_synced_on
FROM insights.fields
LEFT JOIN ops.sync_runs AS first ON first.opened_at = first_synced_at
LEFT JOIN ops.sync_runs AS last ON last.opened_at = last_synced_at"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_pipeline_and_the_model_agree_on_each_day(seed, tmp_path, monkeypatch):
    multi_currency = seed % 2 == 0
    with DemoOrg.started(tmp_path / "org", accounts=120, seed=seed, multi_currency=multi_currency) as org:
        for name, value in org.environment.items():
            monkeypatch.setenv(name, value)
        home = home_in_memory(tmp_path)
        pipeline = Pipeline(tmp_path / "data", home, monkeypatch)
        pipeline.configure(guards=NO_GUARDS, daily_at="00:30", retention={"ops_days": OPS_DAYS})
        SideBySide(org, pipeline, seed, multi_currency).live_through(DAYS)


class SideBySide:
    """The pipeline and the model with the same input, compared after each step."""

    def __init__(self, org: DemoOrg, pipeline: Pipeline, seed: int, multi_currency: bool) -> None:
        self.org = org
        self.pipeline = pipeline
        self.seed = seed
        self.days = RandomDays(org, seed, multi_currency)
        self.product = Product(number_fields=NUMBER_FIELDS)
        self.day = FIRST_DAY
        self.seen: set[str] = set()
        self.past = Past(org, self.days.unrecorded)
        self.days.before_the_org_passes_a_day = self.past.note  # type: ignore[method-assign]
        self.has_history = False
        self.spelling = random.Random(f"spelling {seed}")  # noqa: S311  # it must repeat

    def live_through(self, days: int) -> None:
        self.sync()
        for _ in range(days - 1):
            self.day += timedelta(days=1)
            self.days.story.append(f"--- {self.day}")
            self.past.note()
            self.org.reach_day(str(self.day))
            self.days.let_things_happen()
            if self.days.happens(0.08):
                self.days.story.append("no sync")
                continue
            if self.days.happens(0.1):
                self.fail()
                if self.days.happens(0.5):
                    continue
            self.sync()
            while self.days.happens(0.18):
                if self.days.happens(0.7):
                    self.days.let_things_happen()
                if self.days.happens(0.2):
                    self.fail()
                self.sync()
            if self.days.happens(0.05):
                self.sync_a_past_day()
            if self.days.happens(0.1):
                self.relabel()
            if self.product.published and self.days.happens(0.15):
                self.backfill()
        self.backfill()

    def sync(self) -> None:
        self._run(self.day)

    def fail(self) -> None:
        """Run a sync that fails: Salesforce fails every job, or Zuora refuses every query."""
        culprit = "salesforce" if self.days.happens(0.5) else "zuora"
        if culprit == "salesforce":
            self.org.fault("job_failed", message="InvalidBatch : Failed to process query: QUERY_TIMEOUT", times=None)
        else:
            refusal = {"success": False, "reasons": []}
            self.org.fault("status", path="/v1/action/query", status=400, body=refusal, times=None)
        self._run(self.day, culprit)
        self.org.clear_faults()

    def sync_a_past_day(self) -> None:
        self._run(self.day - timedelta(days=1))

    def relabel(self) -> None:
        self.days.change_labels()
        self.days.story.append("relabelled")
        self.pipeline.relabel(fields=_written(self.days.file))
        self.product.relabel(self.days.file)
        self._compare()

    def backfill(self) -> None:
        """Fill days from history: what syncs saw stays, and what is filled is what the org had on that day."""
        outcome = self.pipeline.run_backfill()
        self.days.story.append("backfilled" if outcome.success else f"not backfilled: {outcome.reason}")
        assert outcome.success or "unexpectedly" not in (outcome.reason or ""), self._story()
        self.has_history |= outcome.success
        self._compare()
        self.past.note()
        wrong = self.past.wrong_values(self.pipeline.snapshot)
        assert not wrong, f"history is made up: {wrong[:5]}\n{self._story()}"

    def _run(self, day: date, fault: str | None = None) -> None:
        self.days.story.append(f"sync of {day}" + (f", {fault} fails" if fault else ""))
        self.pipeline.configure(fields=_written(self.days.file))
        with self._respelled():
            outcome = self.pipeline.run(str(day))
        try:
            expected = self.product.sync(day, self.days.file, self.days.shown, self.org, fault)
        except Refused as refused:
            expected = False
            self.days.remove_refused_field(refused.args[0])
        assert outcome.success == expected, f"success is {outcome.success}: {outcome.reason}\n{self._story()}"
        if self.product.published:
            self._compare()

    @contextmanager
    def _respelled(self) -> Iterator[None]:
        """Change the org's spelling of fields during a sync, which must change no table."""
        names = self.spelling.sample(sorted(self.seen), min(2, len(self.seen)))
        self.seen |= self.days.shown.keys()
        for name in names:
            self.org.respell_field(name, self.spelling.choice((name.lower(), name.upper(), name.swapcase())))
        try:
            yield
        finally:
            for name in names:
                self.org.respell_field(name, name)

    def _compare(self) -> None:
        found = _published(self.pipeline.snapshot)
        found["metric_summary"] = _with_sums_of(self.product.published["metric_summary"], found["metric_summary"])
        for table, rows in self.product.published.items():
            if table == "attribute_history" and self.has_history:
                days = [(row["field"], row["date"]) for row in found["field_days"] if row["category"] == "attribute"]
                rows, found[table] = (on_synced_days(spans, days) for spans in (rows, found[table]))
                kept = {(row["account_id"], row["field"], row["date"]) for row in rows}
                found[table] = [row for row in found[table] if tuple(row.values())[:3] in kept]
            if table == "match_history":
                rows = [row for row in rows if row["day"] >= self._remembered_since()]
            expected, actual = _counted(rows), _counted(found[table])
            missing, surplus = expected - actual, actual - expected
            assert not missing and not surplus, (
                f"{table}:\nthe model has {_shown(missing)}\nthe pipeline has {_shown(surplus)}\n{self._story()}"
            )

        if not _leads_from_history(self.pipeline.snapshot, self.product.days[-1].date):
            self._compare_counts()

    def _compare_counts(self) -> None:
        """Compare the number of changes that a sync reports with the rows that analysts see of its day."""
        day = self.product.days[-1].date
        with reading_snapshot(self.pipeline.snapshot) as tx:
            reported = changes_of(tx, day).values
            shown = tx.value(
                "SELECT (SELECT count(*) FROM insights.attribute_changes WHERE changed_on = $day) + "
                "(SELECT count(*) FROM insights.metric_changes WHERE changed_on = $day)",
                {"day": day},
            )
        assert reported == shown, f"{reported} changes reported, {shown} shown\n{self._story()}"

    def _remembered_since(self) -> date:
        """Return the first day with complete rows in the schema ops; the day before the last always has them."""
        last_two = [known.date for known in self.product.days[-2:]]
        return min(last_two[-1] - timedelta(days=OPS_DAYS), *last_two)

    def _story(self) -> str:
        return f"seed {self.seed}, {self.day}:\n" + "\n".join(self.days.story)


def _leads_from_history(snapshot: Path, day: date) -> bool:
    """Whether history fills the day before, so that it tells the changes of the day."""
    with open_snapshot(snapshot) as connection:
        sql = "SELECT count(*) FROM insights.field_days WHERE source = 'history' AND date = $day::DATE - 1"
        [(count,)] = connection.execute(sql, {"day": day}).fetchall()
        return bool(count)


def _written(file: list[Entry]) -> list[dict[str, Any]]:
    """Return the file's entries as the administrator writes them."""
    return [
        {"field": entry.name, "as": entry.category} | ({} if entry.label is SILENT else {"label": entry.label})
        for entry in file
    ]


def _published(snapshot: Path) -> dict[str, list[dict[str, Any]]]:
    """Return every published table in the model's format."""
    with open_snapshot(snapshot) as connection:
        queries = {table: f"SELECT {columns} FROM insights.{table}" for table, columns in COLUMNS.items()}
        queries |= OF_SYNCS | {"fields": FIELD_STATES, "match_history": "FROM ops.match_history"}
        tables = {}
        for table, query in queries.items():
            result = connection.execute(query)
            names = [column[0] for column in result.description]
            tables[table] = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    for table in ("attribute_changes", "attribute_history"):
        tables[table] = [_with_plain_texts(row) for row in tables[table]]
    tables["attribute_changes"] = [row for row in tables["attribute_changes"] if row["old_value"] != row["new_value"]]
    tables["attribute_history"] = list(_joined(tables["attribute_history"]))
    for table in ("account_attributes", "accounts"):
        tables[table] = [
            {
                name: plain_text(value, name in NUMBER_FIELDS) if name[0].isupper() else value
                for name, value in row.items()
            }
            for row in tables[table]
        ]
    return tables


def _with_plain_texts(row: dict[str, Any]) -> dict[str, Any]:
    def plain(text: str | None) -> str | None:
        if FIELDS[row["field"]].type == "datetime":
            return plain_timestamp(text)
        if FIELDS[row["field"]].type == "time":
            return plain_time(text)
        return plain_text(text, row["field"] in NUMBER_FIELDS)

    return {name: plain(value) if name.endswith("value") else value for name, value in row.items()}


def _joined(history: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Join adjacent spans whose values differ only in notation."""
    held: dict[str, Any] | None = None
    for row in sorted(history, key=lambda row: (row["account_id"], row["field"], row["valid_from"])):
        identity = ("account_id", "field", "value")
        if held and all(held[name] == row[name] for name in identity) and held["valid_to"] == row["valid_from"]:
            held["valid_to"] = row["valid_to"]
            continue
        if held:
            yield held
        held = dict(row)
    if held:
        yield held


def _counted(rows: list[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(sorted(row.items())) for row in rows)


def _with_sums_of(expected: list[dict[str, Any]], found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows, with the model's sum and median if the difference is only rounding."""
    models = {(row["metric"], row["date"], row["currency"]): row for row in expected}
    rows = []
    for row in found:
        model = models.get((row["metric"], row["date"], row["currency"]), row)
        names = [name for name in ("sum", "median") if math.isclose(row[name], model[name], rel_tol=1e-9, abs_tol=1e-6)]
        rows.append(row | {name: model[name] for name in names})
    return rows


def _shown(rows: Counter[tuple[Any, ...]]) -> str:
    lines = [str(dict(row)) for row in list(rows)[:5]]
    return f"{rows.total()} rows of its own" + "".join(f"\n    {line}" for line in lines)
