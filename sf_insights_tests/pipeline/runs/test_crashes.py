"""Killed syncs and failing statements: nothing is lost or mixed, and the next run repairs it.

`make soak` kills fifty times as often.
"""

import os
import random
import shutil
import signal
from contextlib import contextmanager
from typing import Any

import duckdb
import pytest

from sf_insights.warehouse.transaction import Transaction
from sf_insights_tests.forked import finished, forked
from sf_insights_tests.pipeline.runs.test_publishing import always_reading
from sf_insights_tests.pipeline.runs.test_reruns import content
from sf_insights_tests.soak import IS_SOAK, some

FIELDS = ["Industry", "BillingLatitude", {"field": "ARR__c", "as": "metric"}]
ZUORA_COLUMNS = {"2026-03-01": ["Balance"], "2026-03-02": ["MRR", "AutoPay"]}  # so that columns come and go
KILLS = 100 if IS_SOAK else 2
SEED = int(os.environ.get("SF_INSIGHTS_SEED", "1"))

SYNC = """
import sys
from sf_insights.runs import run_sync
outcome = run_sync(on_news=lambda news: print(news.step, news.kind, flush=True))
sys.exit(not outcome.success)
"""
STOPPED_IN_A_DESTRUCTOR = """
import signal, sys
from sf_insights.runs import run_sync

class Dropping:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)
        str()  # by now its handler has run

def listen(news):
    if [news.step, news.kind] == sys.argv[1:]:
        Dropping()

outcome = run_sync(on_news=listen)
print(outcome.reason)
sys.exit(not outcome.success)
"""
STEPS = (
    "salesforce__account_fields",
    "salesforce__selected_fields",
    "insights__field_labels",
    "salesforce__raw_accounts",
    "zuora__accounts",
    "insights__matched_accounts",
    "insights_model",
    "insights__published_snapshot",
)
KILLED = STEPS if IS_SOAK else STEPS[-2:]  # other tests kill a sync that reads
DROPS = [
    ("salesforce__raw_accounts", "said"),
    ("salesforce__raw_accounts", "warned"),  # for a vanished field, before the rest is read
    ("insights_model", "made"),
    ("salesforce__account_fields", "said"),
    ("zuora__accounts", "made"),
]
STOPS = [(step, number) for step in reversed(STEPS) for number in (signal.SIGTERM, signal.SIGINT)]


@pytest.fixture
def undisturbed(org, tmp_path, sync):
    """Two data directories of one first sync; return the second day's content in the one that is not interrupted."""
    other = sync.beside(tmp_path / "undisturbed")
    for pipeline in (other, sync):
        pipeline.use().first_day(fields=FIELDS, zuora_columns=ZUORA_COLUMNS["2026-03-01"])
        pipeline.configure(zuora_columns=ZUORA_COLUMNS["2026-03-02"])
    org.pass_day()

    def run():
        done = content(other.use()("2026-03-02"))
        sync.use()
        return done

    return run


# A signal may hit a run while Dagster writes into its databases.
@pytest.mark.kept_log
@pytest.mark.slow
def test_the_next_sync_repairs_one_killed_at_any_moment(sync, undisturbed, tmp_path):
    expected = undisturbed()
    chance = random.Random(SEED)  # noqa: S311
    shutil.copytree(sync.data, tmp_path / "yesterday")
    with always_reading(sync.snapshot) as reader:
        for kill in range(KILLS):
            step, delay = KILLED[kill % len(KILLED)], chance.uniform(0, 0.15)
            where = f"a kill {delay:.3f} s into {step}, seed {SEED}"
            _return_to(tmp_path / "yesterday", sync.data)
            _stop_in(step, delay, signal.SIGKILL)
            assert _day(sync) in ("2026-03-01", "2026-03-02"), where
            run = sync.run("2026-03-02")
            assert run.success, f"after {where}: {run.reason}"
            assert content(run) == expected, where
            assert not [file.name for file in sync.data.iterdir() if file.name.startswith(".")], where
        assert reader.poll() is None, reader.stderr.read()


@pytest.mark.kept_log
@pytest.mark.parametrize(("step", "number"), some(STOPS, 1))
def test_a_sync_stopped_at_any_point_ends_with_nothing_half_published(org, sync, step, number, monkeypatch):
    sync.first_day(fields=FIELDS)
    org.pass_day()
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-02")
    _stop_in(step, 0.05, number)
    assert _day(sync) in ("2026-03-01", "2026-03-02")
    assert not sync.warehouse.with_suffix(".holder").exists()
    assert sync.read_warehouse("SELECT count(*) FROM ops.sync_runs WHERE state = 'running'") == [(0,)]
    sync("2026-03-02")


@pytest.mark.kept_log
@pytest.mark.parametrize(("step", "kind"), some(DROPS, 1))
def test_a_signal_stops_a_sync_even_if_python_drops_its_exception(org, sync, step, kind, monkeypatch):
    sync.first_day(fields=FIELDS)
    org.pass_day()
    org.clear_requests()
    if kind == "warned":
        org.fault("hide_field", field="Industry")
    if step == "salesforce__raw_accounts":
        org.fault("job_stuck", skip=int(kind == "warned"))
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-02")
    code, said = finished(STOPPED_IN_A_DESTRUCTOR, step, kind)
    assert code == 1, said
    assert said.startswith("The run was stopped")
    assert said.count("\n") == 1, "nothing else was said"
    assert _day(sync) == "2026-03-01"
    jobs = [call["method"] for call in org.requests() if "/jobs/query" in call["path"]]
    assert jobs.count("POST") == jobs.count("PATCH") + jobs.count("DELETE")
    org.clear_faults()
    sync("2026-03-02")


def _day(sync):
    """Return the snapshot's day; it has only one."""
    with duckdb.connect(str(sync.snapshot), read_only=True) as connection:
        [(day, metrics_until)] = connection.execute(
            "SELECT synced_on::VARCHAR, (SELECT max(date)::VARCHAR FROM insights.account_metrics) "
            "FROM insights.snapshot"
        ).fetchall()
    assert day == metrics_until
    return day


def _return_to(yesterday, data):
    """Restore yesterday's data; readers of the snapshot see the old or the new file."""
    for file in data.iterdir():
        if file.name != "account_insights.duckdb":
            shutil.rmtree(file) if file.is_dir() else file.unlink()
    for file in yesterday.iterdir():
        if file.is_dir():
            shutil.copytree(file, data / file.name)
        else:
            copy = data.parent / f"copy of {file.name}"
            shutil.copy(file, copy)
            copy.replace(data / file.name)


def _stop_in(step, delay, number):
    """Run a sync in its own process, and send it a signal some seconds after a step starts."""
    with forked(SYNC) as process:
        for line in process.output:
            if line == f"{step} began\n":
                break
        if process.ended(delay) is None:
            process.signal(number)
            assert process.ended() is not None


class Failure(Exception):
    """An unexpected failure of a statement."""


@pytest.mark.slow
def test_a_failed_statement_at_any_point_keeps_the_previous_day(sync, undisturbed, tmp_path):
    with _failing_statement(None) as counted:
        expected = undisturbed()
    total = counted()
    assert total > 200
    shutil.copytree(sync.data, tmp_path / "yesterday")
    before = sync.snapshot.read_bytes()
    step = total // (80 if IS_SOAK else 2)
    for number in range(1 + step // 2, total, step):
        _return_to(tmp_path / "yesterday", sync.data)
        with _failing_statement(number):
            run = sync.run("2026-03-02")
        # A step that uses the network is tried twice, and a failed check undoes nothing.
        assert content(run) == expected or (not run.success and sync.snapshot.read_bytes() == before), number
        run = sync.run("2026-03-02")
        assert run.success, (number, run.reason)
        assert content(run) == expected, number


@contextmanager
def _failing_statement(number):
    """Make the statement with this number fail, if any; yield a function that counts the statements."""
    counted = 0

    class Connection:
        def __init__(self, real):
            self._real = real

        def execute(self, *arguments):
            nonlocal counted
            counted += 1
            if counted == number:
                raise Failure(f"statement {number}")
            return self._real.execute(*arguments)

    begin: Any = Transaction.__init__  # uses only the connection's `execute`
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Transaction, "__init__", lambda self, connection, *limits: begin(self, Connection(connection), *limits)
        )
        yield lambda: counted
