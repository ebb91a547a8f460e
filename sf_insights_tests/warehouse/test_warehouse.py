"""The warehouse's lock, transactions and versions, with other processes that hold the lock and die."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime

import duckdb
import pytest

from sf_insights.domain.problems import ConfigurationProblem, WarehouseProblem
from sf_insights.settings.environment import Places
from sf_insights.warehouse.versions import SCHEMA_VERSION
from sf_insights.warehouse.warehouse import Warehouse
from sf_insights_tests.pipes import output

HOLD = """
import sys
from pathlib import Path
from sf_insights.settings.environment import Places
from sf_insights.warehouse.warehouse import Warehouse
warehouse = Warehouse(Path(sys.argv[1]))
warehouse.open("another sync")
transaction = warehouse.transaction()
tx = transaction.__enter__()
tx.execute("INSERT INTO insights.field_days VALUES ('Industry', 'attribute', DATE '2026-03-01', 'sync')")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def holder(path):
    """Another process that holds the lock inside a transaction."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert output(process).readline() == "held\n"
        yield process
        process.kill()


def test_a_timeout_names_the_process_that_holds_the_lock(path, holder):
    waited: list[str] = []
    with pytest.raises(WarehouseProblem, match=rf"another sync is running since .*process {holder.pid}"):
        Warehouse(path).open("a sync", wait_seconds=0.5, tell=waited.append)
    assert len(waited) == 1
    assert str(holder.pid) in (Warehouse(path).holder() or "")


def test_the_time_a_lock_is_held_since_is_readable(path, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    warehouse = Warehouse(path)
    warehouse.open("a sync")
    told = Warehouse(path).holder() or ""
    assert re.fullmatch(rf"a sync is running since \d\d:\d\d CES?T \(process {os.getpid()}\)", told)
    held_since = {"pid": 7, "purpose": "a sync", "since": "2026-03-01T04:00:00+00:00"}
    path.with_suffix(".holder").write_text(json.dumps(held_since))
    assert Warehouse(path).holder() == "a sync is running since 2026-03-01 05:00 CET (process 7)"
    warehouse.close()
    monkeypatch.undo()
    time.tzset()


def test_a_killed_holder_leaves_the_lock_free_and_nothing_half_written(path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert Warehouse(path).holder() is None
    warehouse = Warehouse(path)
    warehouse.open("a sync", wait_seconds=5)
    with warehouse.transaction() as tx:
        assert tx.value("SELECT count(*) FROM insights.field_days") == 0
    warehouse.close()


def test_a_waiting_sync_continues_when_the_other_ends(path, holder):
    holder.stdin.close()
    warehouse = Warehouse(path)
    warehouse.open("a sync", wait_seconds=30)
    assert warehouse.is_open
    warehouse.close()


def test_a_failed_transaction_leaves_nothing(path):
    warehouse = Warehouse(path)
    warehouse.open("a sync")
    with pytest.raises(duckdb.Error), warehouse.transaction() as tx:
        tx.insert("insights.field_days", [{"field": "A", "category": "attribute", "date": "2026-03-01"}])
        tx.execute("SELECT no_such_column FROM insights.field_days")
    with warehouse.transaction() as tx:
        assert tx.value("SELECT count(*) FROM insights.field_days") == 0
    warehouse.close()


def test_inserted_rows_are_read_back_unchanged(path):
    rows = [
        {
            "a b": 'it\'s "quoted" \0 \u2028 \N{GRINNING FACE} $1 \\n',
            "whole": -(2**63),
            "number": 0.1,
            "day": date(1, 1, 1),
            "since": datetime(2026, 3, 1, 12, 30, 59, 123456, UTC),
            "listed": ["a,b", "c'd", '"', "[x]", ""],
            "yes": True,
        },
        {"a b": "", "whole": 2**63 - 1, "number": 1e300, "day": None, "since": None, "listed": [], "yes": False},
        dict.fromkeys(["a b", "whole", "number", "day", "since", "listed", "yes"]),
    ]
    warehouse = Warehouse(path)
    warehouse.open("test")
    with warehouse.transaction() as tx:
        tx.execute(
            """CREATE TABLE ops.kinds ("a b" VARCHAR, whole BIGINT, number DOUBLE, day DATE, since TIMESTAMPTZ,
               listed VARCHAR[], yes BOOLEAN)"""
        )
        tx.insert("ops.kinds", rows)
        assert tx.records("FROM ops.kinds ORDER BY rowid") == rows
        tx.insert("ops.kinds", [])
        assert tx.value("SELECT count(*) FROM ops.kinds") == len(rows)
    warehouse.close()


def test_a_path_with_a_question_mark_is_refused(tmp_path):
    with pytest.raises(WarehouseProblem, match="question mark"):
        Warehouse(tmp_path / "what?" / "warehouse.duckdb").open("test")
    assert list(tmp_path.iterdir()) == []


def test_a_warehouse_of_a_newer_version_is_refused(path):
    warehouse = Warehouse(path)
    warehouse.open("a sync")
    with warehouse.transaction() as tx:
        tx.execute("UPDATE ops.warehouse SET schema_version = schema_version + 1")
    warehouse.close()
    with pytest.raises(WarehouseProblem, match=rf"newer sf_insights \(schema {SCHEMA_VERSION + 1}"):
        Warehouse(path).open("a sync")
    assert Warehouse(path).holder() is None


def test_a_file_opened_by_another_program_is_reported(path):
    warehouse = Warehouse(path)
    warehouse.open("a sync")
    warehouse.close()
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert output(process).readline() == "open\n"
        with pytest.raises(WarehouseProblem, match="account_insights"):
            Warehouse(path).open("a sync")
        process.kill()


def test_the_file_format_works_with_every_current_driver(path):
    warehouse = Warehouse(path)
    warehouse.open("a sync")
    warehouse.close()
    with duckdb.connect(str(path), read_only=True) as connection:
        [(version,)] = connection.execute(
            "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'warehouse'"
        ).fetchall()
    assert version.startswith("v1.5.0")


def warehouse_with(data, variables):
    return Warehouse.of(Places.from_environment({"SF_INSIGHTS_DATA_DIR": str(data)} | variables))


def test_duckdb_respects_the_memory_and_thread_limits(tmp_path):
    warehouse = warehouse_with(tmp_path, {"SF_INSIGHTS_MEMORY_LIMIT": "800MB", "SF_INSIGHTS_THREADS": "1"})
    warehouse.open("a test")
    with warehouse.transaction() as tx:
        assert tx.execute("SELECT current_setting('memory_limit'), current_setting('threads')") == [("762.9 MiB", 1)]
    warehouse.close()


def test_without_a_limit_duckdb_may_use_more_memory_for_more_data(tmp_path):
    file = tmp_path / "landed"
    file.touch()
    used = []
    for size in (0, 400_000_000, 900_000_000, 10_000_000_000):
        os.truncate(file, size)  # takes no room on the disk
        used.append(memory_used(tmp_path, {"SF_INSIGHTS_THREADS": "2"}, file))
    assert used == ["286.1 MiB", "286.1 MiB", "438.6 MiB", "524.5 MiB"]


@pytest.mark.parametrize(
    ("threads", "limit"), [("1", "286.1 MiB"), ("2", "286.1 MiB"), ("3", "429.1 MiB"), ("8", "524.5 MiB")]
)
def test_without_a_limit_duckdb_may_use_more_memory_with_more_threads(tmp_path, threads, limit):
    file = tmp_path / "landed"
    file.touch()
    assert memory_used(tmp_path, {"SF_INSIGHTS_THREADS": threads}, file) == limit


def test_a_limit_that_is_set_stays_with_more_data_and_for_work_that_needs_most(tmp_path):
    file = tmp_path / "landed"
    file.touch()
    os.truncate(file, 10_000_000_000)
    assert memory_used(tmp_path, {"SF_INSIGHTS_MEMORY_LIMIT": "310MB"}, file) == "295.6 MiB"
    assert memory_used(tmp_path, {"SF_INSIGHTS_MEMORY_LIMIT": "310MB"}, file, needs_most=True) == "295.6 MiB"


def test_work_that_needs_most_memory_may_use_it_with_little_data(tmp_path):
    file = tmp_path / "landed"
    file.touch()
    assert memory_used(tmp_path, {"SF_INSIGHTS_THREADS": "2"}, file, needs_most=True) == "524.5 MiB"


def memory_used(data, variables, file, *, needs_most=False):
    """The memory that DuckDB may use while it writes a file into the database."""
    warehouse = warehouse_with(data, variables)
    warehouse.open("a test")
    warehouse.expect([file])
    with warehouse.transaction() as tx:
        if needs_most:
            tx.use_most_memory()
        [(used,)] = tx.execute("SELECT current_setting('memory_limit')")
    warehouse.close()
    return used


def test_a_sync_is_checkpointed_before_it_is_copied_and_not_while_it_writes(tmp_path):
    warehouse = warehouse_with(tmp_path, {})
    warehouse.open("a test")
    log = warehouse.path.with_name("warehouse.duckdb.wal")
    with warehouse.transaction() as tx:
        tx.execute(
            "CREATE TABLE ops.long AS SELECT range AS number, repeat('x', 200) || range AS text FROM range(100000)"
        )
    held = log.stat().st_size
    with warehouse.transaction() as tx:
        tx.execute("UPDATE ops.long SET text = text || 'y'")  # more than DuckDB's own threshold of 16 MB
    assert log.stat().st_size > held + 16_000_000
    warehouse.checkpointed()
    assert not log.exists()
    warehouse.close()


@pytest.mark.parametrize(
    ("variables", "limit"),
    [({"SF_INSIGHTS_MEMORY_LIMIT": "30MB"}, "30MB"), ({"SF_INSIGHTS_THREADS": "2"}, "286.1 MiB")],
)
def test_a_limit_that_is_too_low_is_reported_with_a_remedy(tmp_path, variables, limit):
    warehouse = warehouse_with(tmp_path, variables)
    warehouse.open("a test")
    said = rf"may use {limit} .* Set SF_INSIGHTS_MEMORY_LIMIT to a larger value"
    with pytest.raises(WarehouseProblem, match=said), warehouse.transaction() as tx:
        tx.execute("SELECT list(range) FROM range(100000000)")
    warehouse.close()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SF_INSIGHTS_MEMORY_LIMIT", "lots"),
        ("SF_INSIGHTS_MEMORY_LIMIT", "80 %"),
        ("SF_INSIGHTS_THREADS", "0"),
        ("SF_INSIGHTS_THREADS", "all"),
    ],
)
def test_an_invalid_limit_is_refused_by_name(tmp_path, variable, value):
    warehouse = warehouse_with(tmp_path, {variable: value})
    with pytest.raises(ConfigurationProblem, match=variable):
        warehouse.open("a test")
    assert warehouse.holder() is None
