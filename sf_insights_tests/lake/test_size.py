"""The lake grows with what changes, and what nobody needs any more is deleted."""

from pathlib import Path

import pytest

from sf_insights.lake.connecting import reached
from sf_insights.lake.maintenance import maintain
from sf_insights.lake.tables import MOST_FILES
from sf_insights.system.clock import now
from sf_insights_tests.lake.home_with_lake import aged
from sf_insights_tests.lake.made_snapshot import MadeSnapshot
from sf_insights_tests.soak import IS_SOAK

ACCOUNTS, DAYS = (20_000, 30) if IS_SOAK else (10_500, MOST_FILES + 1)
LARGE = 200_000 if IS_SOAK else 40_000


def whole(brought):
    return {written.table for written in brought.publication.tables if written.is_whole}


def test_a_day_writes_what_changed(home):
    made = MadeSnapshot(home.snapshot, LARGE)
    home.publish()
    before = home.files()
    made.next_day(share=0.01)
    day = home.publish()
    new = {path: size for path, size in home.files().items() if path not in before}
    assert before.items() <= home.files().items()
    assert sum(new.values()) < 0.05 * sum(before.values())
    changed = {written.table: written.rows for written in day.publication.tables}
    assert changed.keys() == {"ops.attribute_values", "ops.attribute_changes", "insights.snapshot"}
    assert 0.005 * LARGE < changed["ops.attribute_values"] < 0.015 * LARGE
    assert "ops.attribute_values" not in whole(day)
    assert home.differences() == {}


def test_many_changed_rows_are_written_as_a_whole_table(home):
    made = MadeSnapshot(home.snapshot, ACCOUNTS)
    home.publish()
    made.next_day(share=0.5)
    assert "ops.attribute_values" in whole(home.publish())
    assert home.differences() == {}


def test_a_view_becomes_a_table_and_a_table_a_view_under_the_same_name(home):
    made = MadeSnapshot(home.snapshot, 100)
    view, table = "CREATE VIEW ops.{} AS SELECT 1 AS n", "CREATE TABLE ops.{} AS SELECT 2 AS n, 'x' AS text"
    made.next_day(0, view.format("first"), table.format("second"))
    home.publish()
    made.next_day(
        0, "DROP VIEW ops.first", table.format("first"), "DROP TABLE ops.second", view.format("second")
    )  # fmt: skip
    home.publish()
    assert home.differences() == {}
    made.next_day(0, "DROP TABLE ops.first", "DROP VIEW ops.second")
    home.publish()
    names = "SELECT view_name FROM duckdb_views() UNION ALL SELECT table_name FROM duckdb_tables()"
    assert {"first", "second"}.isdisjoint(name for (name,) in home.rows(names))


@pytest.mark.slow
def test_weeks_of_days_with_clean_up_keep_the_lake_small_and_equal(home):
    home = home.but(keep_days=3)
    made = MadeSnapshot(home.snapshot, ACCOUNTS)
    home.publish()
    copy = sum(home.files().values())
    rewritten = 0
    with home.reader() as reader:
        for _ in range(DAYS):
            home.age(days=1)
            made.next_day(share=0.01)
            is_rewritten = "ops.attribute_values" in whole(home.publish())
            rewritten += is_rewritten
            if IS_SOAK or is_rewritten:
                assert home.differences_seen_by(reader) == {}
    assert rewritten == DAYS // MOST_FILES
    assert home.states() <= 5
    tables = home.rows("SELECT count(*) FROM ducklake_table_info('lake')")[0][0]
    assert len(home.files()) <= 2 * tables + 60
    assert sum(home.files().values()) <= 3 * copy
    home.age(days=10)
    made.next_day(share=0.01)
    home.publish()
    home.age(days=2)
    home.publish()
    assert sum(home.files().values()) <= 2 * copy
    assert home.differences() == {}


def test_object_storage_holds_the_same_and_is_cleaned_up(home, storage):
    home = home.but(data="s3://lake/orgs", keep_days=1)
    home.variables.update(storage.variables)
    made = MadeSnapshot(home.snapshot, ACCOUNTS)
    home.publish()
    made.next_day()
    assert "ops.attribute_values" not in whole(home.publish())
    assert home.differences() == {}
    [(then,)] = home.rows("SELECT count(*) FROM lake.ops.attribute_changes AT (VERSION => 1)")
    assert then == 0
    before = storage.keys()
    assert {key.split("/")[:2] == ["orgs", home.schema] for key in before} == {True}
    home.age(days=5)
    made.next_day(share=0.5)
    home.publish()
    home.age(days=5)
    assert home.publish().maintained.files > 0
    assert not set(before) <= set(storage.keys())
    assert home.differences() == {}


def test_what_a_killed_publication_left_is_deleted_after_two_days(home):
    MadeSnapshot(home.snapshot, ACCOUNTS)
    home.publish()
    held = home.files()
    left = Path(home.target.files) / "ops" / "attribute_values" / "ducklake-left.parquet"
    left.write_bytes(b"half a file")
    assert home.publish().maintained.files == 0
    aged(left, days=3)
    assert home.publish().maintained.files == 1
    assert home.files() == held


def test_files_of_another_lake_below_are_never_deleted(home):
    MadeSnapshot(home.snapshot, ACCOUNTS)
    home.publish()
    below = home.but(schema="below", data=home.target.files)
    below.publish()
    held = below.files()
    for path in held:
        aged(Path(below.target.files) / path, days=3)
    assert "is not of this lake" in home.publish().maintained.warning
    assert below.files() == held
    assert below.differences() == {}


def test_a_writer_that_is_still_open_survives_the_clean_up(home):
    made = MadeSnapshot(home.snapshot, ACCOUNTS)
    home.publish()
    made.next_day()
    with home.other_program() as writer:
        writer.execute("BEGIN")
        writer.execute("INSERT INTO lake.ops.attribute_values FROM lake.ops.attribute_values")
        with reached(home.target, home.places, home.variables) as lake:
            lake.attach()
            maintain(lake, now())
        writer.execute("COMMIT")
        assert writer.execute("SELECT count(account_id) FROM lake.ops.attribute_values").fetchall() == [(2 * ACCOUNTS,)]
    home.publish()
    assert home.differences() == {}
