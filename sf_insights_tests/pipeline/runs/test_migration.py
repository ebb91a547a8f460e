"""A warehouse of an earlier version is migrated, even after crashes and full disks."""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights.sql import migrations
from sf_insights.warehouse.versions import SCHEMA_VERSION
from sf_insights.warehouse.warehouse import Warehouse
from sf_insights_tests.older_warehouse import ACCOUNTS, DAY, FIELDS, put_older_warehouse
from sf_insights_tests.pipeline.runs.test_reruns import content
from sf_insights_tests.pipeline.truth import Truth
from sf_insights_tests.soak import IS_SOAK

# Opens a warehouse and prints its number of statements, dies at one, or cannot write files above a size.
OPEN = """
import os, resource, signal, sys
from pathlib import Path
from sf_insights.warehouse.transaction import Transaction
from sf_insights.warehouse.warehouse import Warehouse
deadly, largest = int(sys.argv[2]), int(sys.argv[3])
begin, counted = Transaction.__init__, 0
class Connection:
    def __init__(self, real):
        self._real = real
    def execute(self, *arguments):
        global counted
        counted += 1
        if counted == deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._real.execute(*arguments)
Transaction.__init__ = lambda self, connection, *limits: begin(self, Connection(connection), *limits)
if largest:
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
warehouse = Warehouse(Path(sys.argv[1]))
warehouse.open("a sync")
warehouse.close()
print(counted)
"""


# Columns that views have since schema 1.
NEW_COLUMNS = {
    "attribute_changes": "EXCLUDE (account_name, source)",
    "account_metrics": "EXCLUDE (exact_value, account_name, source)",
    "metric_summary": "EXCLUDE (source)",
}


@pytest.fixture
def path(tmp_path):
    """A warehouse of schema 1."""
    path = tmp_path / "warehouse.duckdb"
    put_older_warehouse(path)
    return path


@pytest.fixture(scope="module")
def running_org(tmp_path_factory):
    with DemoOrg.started(tmp_path_factory.mktemp("older"), accounts=ACCOUNTS) as org:
        yield org


def opened(path):
    """Open a warehouse as every command does, and return its messages."""
    told: list[str] = []
    warehouse = Warehouse(path)
    warehouse.open("a sync", tell=told.append)
    warehouse.close()
    return told


def everything(path):
    """Return the rows of each table and view of a schema 1 warehouse, migrated or not, without the version.

    Schema 1 stored Zuora's account data twice; this reads the place that still exists.
    """
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return {
            name: connection.execute(f"SELECT {columns} FROM {name} ORDER BY ALL").fetchall()
            for name, columns in _columns_of_schema_1().items()
        }


@functools.cache
def _columns_of_schema_1():
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "older.duckdb"
        put_older_warehouse(path)
        with duckdb.connect(str(path), read_only=True) as connection:
            rows = connection.execute(
                "SELECT schema_name, table_name, string_agg('\"' || column_name || '\"', ', ' ORDER BY column_index) "
                "FROM duckdb_columns() WHERE NOT internal AND column_name != 'schema_version' "
                "AND NOT (table_name = 'account_matches' AND column_name IN "
                "('account_number', 'account_name', 'account_status', 'crm_account_id')) GROUP BY ALL"
            ).fetchall()
    return {f"{schema}.{table}": columns for schema, table, columns in rows}


def version(path):
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute("SELECT schema_version FROM ops.warehouse").fetchall()[0][0]


def copies(path):
    return sorted(path.parent.glob("warehouse.before-schema-*.duckdb"))


def test_each_version_has_one_migration_from_the_previous_one():
    assert migrations() == list(range(2, SCHEMA_VERSION + 1))


def test_a_migration_keeps_all_data(path):
    before = everything(path)
    told = opened(path)
    assert version(path) == SCHEMA_VERSION
    assert everything(path) == before
    [copy] = copies(path)
    assert len(told) == 1
    assert f"from schema 1 to {SCHEMA_VERSION}" in told[0]
    assert copy.name in told[0]
    assert opened(path) == []
    assert copies(path) == [copy]


def test_the_copy_opens_and_equals_the_older_warehouse(path):
    before = everything(path)
    opened(path)
    [copy] = copies(path)
    assert version(copy) == 1
    assert everything(copy) == before
    assert copy.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("has_former_values", [True, False])
def test_a_migrated_warehouse_has_the_same_tables_as_a_new_one(path, tmp_path, has_former_values):
    if not has_former_values:  # the first warehouses of version 1 also lacked this
        with duckdb.connect(str(path)) as connection:
            connection.execute("DROP TABLE ops.former_values")
    opened(path)
    new = tmp_path / "new" / "warehouse.duckdb"
    opened(new)
    columns = (
        "SELECT schema_name, table_name, column_name, data_type, is_nullable FROM duckdb_columns() WHERE NOT internal"
    )
    with duckdb.connect(str(new), read_only=True) as fresh, duckdb.connect(str(path), read_only=True) as migrated:
        assert set(fresh.execute(columns).fetchall()) - set(migrated.execute(columns).fetchall()) == set()


def test_a_migrated_warehouse_can_be_synced(org, sync):
    put_older_warehouse(sync.warehouse)
    # The file was written during development, with the version of today. An upgrade finds another one.
    sync.change_warehouse("UPDATE insights.snapshot SET sf_insights_version = '0.0.1'")
    shutil.copyfile(sync.warehouse, sync.snapshot)
    before = content(sync.look())
    org.pass_day()
    org.pass_day()
    run = sync(day="2026-03-03", fields=FIELDS)
    truth = Truth(org)
    matches = dict(
        run.rows("SELECT account_id, salesforce_account_id FROM insights.account_attributes WHERE is_current")
    )
    assert matches.keys() >= truth.matches().keys()  # and its memory of merged accounts that are now purged
    for name in ("Industry", "CreatedDate", "NumberofLocations__c"):
        assert run.attributes(name) == truth.attribute(name, matches)
    for name in ("AnnualRevenue", "ARR__c"):
        assert run.metric(name, "2026-03-03") == truth.metric(name, matches)
    assert run.events("Rating") == ["activated", "paused", "resumed"]
    after = content(run)
    days = {"attribute_changes": "changed_on", "account_metrics": "date", "metric_summary": "date"}
    for name, day in days.items():
        new = NEW_COLUMNS.get(name, "")
        earlier = run.rows(f"SELECT * {new} FROM insights.{name} WHERE {day} <= '{DAY}' ORDER BY ALL")
        assert earlier == before[name], name
    assert content(sync(day="2026-03-03")) == after


def test_a_migration_turns_doubles_into_exact_decimals(path):
    special = [0.0, -0.1, 1e-18, 99999999999.9999, 1e11 + 1 / 16, 123456789012345.67, 2.0**63, 1e18 / 3, -1e20]
    with duckdb.connect(str(path)) as connection:
        for number, value in enumerate(special):
            connection.execute(
                "INSERT INTO insights.metric_history VALUES (?, 'ARR__c', ?, NULL, '2026-03-01', NULL)",
                [f"special {number}", value],
            )
    opened(path)
    with duckdb.connect(str(path), read_only=True) as connection:
        held = connection.execute("SELECT value, exact_value FROM insights.metric_history").fetchall()
    assert len(held) > len(special)
    least = Decimal("-99999999999999999999.999999999999999999")
    assert [row for row in held if row[1] != max(Decimal(repr(row[0])), least)] == []


def test_a_field_that_version_2_split_by_spelling_is_joined(org, sync):
    """A warehouse in which the metric ARR__c was spelled arr__C from the second day on."""
    put_older_warehouse(sync.warehouse)
    with duckdb.connect(str(sync.warehouse)) as connection:
        for statement in f"""
            UPDATE salesforce.account_fields SET vanished_on = '{DAY}' WHERE field = 'ARR__c';
            INSERT INTO salesforce.account_fields
            SELECT * REPLACE ('arr__C' AS field, NULL AS vanished_on) FROM salesforce.account_fields
            WHERE field IN ('ARR__c');
            UPDATE salesforce.selected_fields SET field = 'arr__C' WHERE field = 'ARR__c';
            INSERT INTO insights.fields
            SELECT * REPLACE ('arr__C' AS field, '{DAY}'::DATE AS status_since, last_synced_at AS first_synced_at)
            FROM insights.fields WHERE field = 'ARR__c';
            UPDATE insights.fields SET status = 'deselected', status_since = '{DAY}' WHERE field = 'ARR__c';
            INSERT INTO insights.field_labels
            SELECT * REPLACE ('arr__C' AS field, 'Recurring' AS label, 'Sssf ARR (arr__C)' AS default_label,
                              'user' AS label_source) FROM insights.field_labels WHERE field = 'ARR__c';
            UPDATE insights.field_days SET field = 'arr__C' WHERE field = 'ARR__c' AND date = '{DAY}';
            UPDATE insights.metric_summary SET metric = 'arr__C' WHERE metric = 'ARR__c' AND date = '{DAY}';
            INSERT INTO insights.metric_history
            SELECT * REPLACE ('arr__C' AS metric, '{DAY}'::DATE AS valid_from)
            FROM insights.metric_history WHERE metric = 'ARR__c' AND valid_to IS NULL;
            UPDATE insights.metric_history SET valid_to = NULL WHERE metric = 'ARR__c' AND valid_to = '{DAY}';
            DELETE FROM insights.metric_history WHERE metric = 'ARR__c' AND valid_from = '{DAY}';
            UPDATE ops.field_stats SET field = 'arr__C' WHERE field = 'ARR__c' AND sync = 2;
        """.split(";"):
            connection.execute(statement)
    undisturbed = sync.warehouse.with_name("undisturbed.duckdb")
    put_older_warehouse(undisturbed)
    opened(undisturbed)
    opened(sync.warehouse)
    before, after = everything(undisturbed), everything(sync.warehouse)
    for relation in ("insights.field_days", "insights.metric_summary", "insights.metric_history", "ops.field_stats"):
        assert after[relation] == before[relation], relation
    assert after["insights.account_metrics"] == before["insights.account_metrics"]
    with duckdb.connect(str(sync.warehouse), read_only=True) as connection:
        assert connection.execute(
            "SELECT field, label, status, first_synced_at < last_synced_at "
            "FROM insights.fields JOIN insights.field_labels USING (field) WHERE lower(field) = 'arr__c'"
        ).fetchall() == [("ARR__c", "Recurring", "active", True)]
    shutil.copyfile(sync.warehouse, sync.snapshot)
    org.pass_day()
    org.respell_field("ARR__c", "arr__C")
    run = sync(day="2026-03-03", fields=[*FIELDS[:-1], {"field": "arr__C", "as": "metric", "label": "Recurring"}])
    assert run.rows("SELECT DISTINCT metric FROM insights.metric_history ORDER BY 1") == [
        ("ARR__c",),
        ("AnnualRevenue",),
    ]


@pytest.mark.slow
def test_a_crash_during_a_migration_keeps_the_old_warehouse_and_the_next_run_migrates(path):
    def open_dying_at(path, deadly):
        return subprocess.run(
            [sys.executable, "-c", OPEN, str(path), str(deadly), "0"], env=os.environ, stdout=subprocess.PIPE
        )

    counted = path.with_name("counted.duckdb")
    put_older_warehouse(counted)
    last = int(open_dying_at(counted, 0).stdout)
    before = everything(path)
    # The first ones, the last one and some between; each costs a process.
    for deadly in (1, 2, 3, *range(4, last, max(1, last // 6)), last) if IS_SOAK else (2, last // 2, last):
        assert open_dying_at(path, deadly).returncode == -9
        assert version(path) == 1
        assert everything(path) == before
        for copy in copies(path):
            assert everything(copy) == before
    assert open_dying_at(path, 0).returncode == 0
    assert version(path) == SCHEMA_VERSION
    assert everything(path) == before


def test_the_write_ahead_log_of_the_older_version_is_in_the_copy_and_the_new_warehouse(path):
    code = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("UPDATE insights.field_labels SET label = 'Written last' WHERE field = 'Industry'")
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert path.with_name("warehouse.duckdb.wal").exists()
    opened(path)
    for file in (path, *copies(path)):
        assert "Written last" in str(everything(file)["insights.field_labels"])


def test_an_older_warehouse_that_cannot_be_copied_is_left_unchanged(path):
    before = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(path), "0", "1000000"], env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "cannot be copied before its migration" in done.stderr
    assert "Make room for warehouse.before-schema" in done.stderr
    assert path.read_bytes() == before
    assert copies(path) == []
    assert list(path.parent.glob(".*")) == []
