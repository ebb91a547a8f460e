"""The snapshot for analysts: always present, always from one day, and no larger than its data."""

import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from sf_insights_tests.pipeline.truth import Truth
from sf_insights_tests.pipes import output, tell
from sf_insights_tests.soak import IS_SOAK

FIELDS = ["Industry", "CreatedDate", {"field": "ARR__c", "as": "metric"}]

READERS, SYNCS = (20, 10) if IS_SOAK else (2, 2)
PAUSE = "0.01" if IS_SOAK else "0.1"  # between two looks, in seconds

# Opens the snapshot again and again and reports each view's day; more than one day is an error.
READ = """
import os, sys, time, duckdb
os.nice(10)  # the syncs are what the test waits for
print("reading", flush=True)
days = set()
while not sys.stdin.closed and (line := sys.stdin.readline()) != "stop\\n":
    for _ in range(5):
        with duckdb.connect(sys.argv[1], read_only=True) as connection:
            [(day,)] = connection.execute("SELECT synced_on::VARCHAR FROM insights.snapshot").fetchall()
            for sql in (
                "SELECT max(date)::VARCHAR FROM insights.field_days",
                "SELECT max(date)::VARCHAR FROM insights.metric_summary",
                "SELECT max(synced_on)::VARCHAR FROM insights.account_attributes WHERE is_current",
                "SELECT max(last_matched_on)::VARCHAR FROM insights.matched_accounts",
            ):
                assert connection.execute(sql).fetchall() == [(day,)], (sql, day)
        days.add(day)
        time.sleep(float(sys.argv[2]))  # leave the processors to the syncs
    print("read", flush=True)
print(*sorted(days), flush=True)
"""


@contextmanager
def always_reading(snapshot):
    """Run a process that keeps opening the snapshot and ends at an error or a mix of days."""
    with subprocess.Popen(
        [sys.executable, "-c", READ, str(snapshot), PAUSE],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as reader:
        tell(reader, "go\n" * 10_000)
        try:
            yield reader
        finally:
            reader.kill()


def test_constant_readers_see_no_error_and_no_mixed_days(org, sync):
    days = [str(date(2026, 3, 1) + timedelta(days=number)) for number in range(SYNCS + 1)]
    sync(day=days[0], fields=FIELDS)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READ, str(sync.snapshot), PAUSE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(READERS)
    ]
    try:
        for reader in readers:
            assert output(reader).readline() == "reading\n"
        for day in days[1:]:
            for reader in readers:
                tell(reader, "go\n" * 4)
            org.pass_day()
            sync(day=day)
        for reader in readers:
            tell(reader, "stop\n")
        for reader in readers:
            last = output(reader).read().splitlines()[-1].split()
            assert reader.wait(30) == 0
            assert set(last) <= set(days)
            assert len(last) > 1
    finally:
        for reader in readers:
            reader.kill()
            reader.communicate()


def test_the_snapshot_is_read_only_and_alone_in_its_directory(sync):
    sync(day="2026-03-01", fields=FIELDS)
    assert sync.snapshot.stat().st_mode & 0o777 == 0o444
    names = {file.name for file in sync.data.iterdir()}
    assert names == {
        "account_field_sync.yaml",
        "account_insights.duckdb",
        "alerts.json",
        "alerts.lock",
        "landing",
        "run.progress",
        "warehouse.duckdb",
        "warehouse.lock",
    }
    assert list((sync.data / "landing").iterdir()) == []


def test_a_stray_log_beside_the_snapshot_does_not_make_it_unreadable(sync):
    sync.first_day(fields=FIELDS)
    sync.snapshot.with_name("account_insights.duckdb.wal").write_bytes(b"left by somebody who opened it for writing")
    run = sync(day="2026-03-02")
    assert run.rows("SELECT synced_on::VARCHAR FROM insights.snapshot") == [("2026-03-02",)]


def test_the_next_publish_removes_leftovers_of_a_killed_one(sync):
    sync.first_day(fields=FIELDS)
    (sync.data / ".account_insights.duckdb.part").write_bytes(b"half of a copy")
    sync(day="2026-03-02")
    assert [file.name for file in sync.data.glob(".*")] == []


def test_a_number_too_large_for_any_column_becomes_null_and_is_recorded(org, sync):
    zuora_id, salesforce_id = next(iter(Truth(org).matches().items()))
    org.update_account(salesforce_id, ARR__c=1e30)
    run = sync(day="2026-03-01", fields=["Industry", "ARR__c"])
    assert run.attributes("ARR__c")[zuora_id] is None
    assert run.attributes("Industry") == Truth(org).attribute("Industry")
    [(field, account, text, reason)] = run.rows(
        "SELECT field, salesforce_account_id, text, reason FROM ops.rejected_values"
    )
    assert (field, account, text) == ("ARR__c", salesforce_id, "1.0E30")
    assert "20 digits" in reason


def test_the_snapshot_opens_in_the_next_major_version_of_duckdb(sync):
    sync.first_day(fields=FIELDS)
    code = """
import sys, duckdb
assert duckdb.__version__.startswith("2."), duckdb.__version__
listed = "SELECT view_name FROM duckdb_views() WHERE schema_name = 'insights'"
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    names = connection.execute(listed).fetchall()
    for (name,) in names:
        connection.execute(f"FROM insights.{name}").fetchall()
with duckdb.connect() as connection:
    connection.execute(f"ATTACH '{sys.argv[1]}' AS elsewhere (READ_ONLY)")
    assert connection.execute(listed).fetchall() == names
    for (name,) in names:
        connection.execute(f"FROM elsewhere.insights.{name}").fetchall()
    assert connection.execute("SELECT elsewhere.insights.sf_id18('001M000000qfPyS')").fetchall() == [
        ("001M000000qfPySIAU",)
    ]
    print(len(names))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(sync.snapshot)],
        env={**os.environ, "PYTHONPATH": str(Path(sys.prefix) / "duckdb-2")},  # installed by the Makefile
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) >= 8
