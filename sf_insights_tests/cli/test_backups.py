"""backup, restore and publish with a lost or damaged file."""

import shlex

import duckdb
import pytest

from sf_insights.warehouse.warehouse import Warehouse
from sf_insights_tests.forked import finished


def held(sf_insights):
    return sf_insights.rows("FROM insights.account_attributes ORDER BY ALL")


def test_a_lost_warehouse_is_restored_from_its_backup(org, synced, tmp_path, monkeypatch):
    before = held(synced)
    assert synced("backup", str(tmp_path / "copy.duckdb")).code == 0
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    org.pass_day()
    assert synced("sync").code == 0
    assert held(synced) != before
    synced.warehouse.unlink()
    synced.snapshot.unlink()
    said = synced("restore", str(tmp_path / "copy.duckdb"))
    assert said.code == 0, said.err
    assert held(synced) == before
    assert synced("sync").code == 0
    assert held(synced) != before


def test_a_damaged_warehouse_is_restored_from_the_published_snapshot_and_kept_aside(synced):
    before = held(synced)
    with synced.warehouse.open("r+b") as file:
        file.write(b"\0" * 8192)
    assert synced("sync").code == 1
    said = synced("restore", str(synced.snapshot))
    assert said.code == 0, said.err
    assert "before-restore" in said.out
    assert len(list(synced.data.glob("warehouse.before-restore-*.duckdb"))) == 1
    assert held(synced) == before
    assert synced("sync").code == 0


@pytest.mark.parametrize("harm", ["lost", "damaged"])
def test_publish_rebuilds_the_snapshot_without_salesforce(org, synced, harm):
    before = held(synced)
    if harm == "lost":
        synced.snapshot.unlink()
    else:
        synced.snapshot.chmod(0o644)
        synced.snapshot.write_bytes(b"not a database")
    org.clear_requests()
    assert synced("publish").code == 0
    assert org.requests() == []
    assert held(synced) == before


def damage(file, table="salesforce.raw_accounts"):
    """Change one byte in a block of table data, as a failing disk does."""
    with duckdb.connect(str(file), read_only=True) as connection:
        [(block,)] = connection.execute(
            "SELECT max(block_id) FROM pragma_storage_info($table) WHERE persistent", {"table": table}
        ).fetchall()
    mode = file.stat().st_mode
    file.chmod(0o600)
    with file.open("r+b") as opened:
        opened.seek(3 * 4096 + block * 262_144 + 100)
        [byte] = opened.read(1)
        opened.seek(-1, 1)
        opened.write(bytes([byte ^ 255]))
    file.chmod(mode)


@pytest.mark.parametrize("table", ["salesforce.raw_accounts", "ops.metric_history"])
@pytest.mark.parametrize("command", [("publish",), ("label", "Industry", "Branch"), ("backup", "copy.duckdb")])
def test_a_damaged_warehouse_is_neither_published_nor_backed_up(synced, tmp_path, command, table):
    before, snapshot = held(synced), synced.snapshot.read_bytes()
    damage(synced.warehouse, table)
    said = synced(*(str(tmp_path / word) if word.endswith(".duckdb") else word for word in command))
    assert said.code == 1
    assert "is damaged" in said.err
    assert "sf-insights restore" in said.err
    assert synced.snapshot.read_bytes() == snapshot
    assert not (tmp_path / "copy.duckdb").exists()
    assert synced("restore", str(synced.snapshot)).code == 0
    assert held(synced) == before


def test_a_sync_reports_a_damaged_warehouse_once(synced, monkeypatch):
    snapshot = synced.snapshot.read_bytes()
    damage(synced.warehouse)
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    said = synced("sync")
    assert said.code == 1
    assert "warehouse.duckdb is damaged" in said.err
    assert "tried once more" not in said.err + said.out
    assert synced.snapshot.read_bytes() == snapshot


@pytest.mark.parametrize("harm", ["damaged", "cut"])
def test_a_damaged_copy_is_not_restored(synced, tmp_path, harm):
    copy = tmp_path / "copy.duckdb"
    assert synced("backup", str(copy)).code == 0
    if harm == "damaged":
        damage(copy)
    else:
        copy.write_bytes(copy.read_bytes()[:-1_000_000])
    before = synced.warehouse.read_bytes()
    said = synced("restore", str(copy))
    assert said.code == 1
    assert str(copy) in said.err.replace("\n", "")
    assert synced.warehouse.read_bytes() == before
    assert list(synced.data.glob("*before-restore*")) == []


@pytest.mark.parametrize("harm", ["cut", "no database"])
def test_a_damaged_snapshot_is_reported_with_the_command_that_restores_it(synced, harm):
    synced.snapshot.chmod(0o644)
    synced.snapshot.write_bytes(synced.snapshot.read_bytes()[:300_000] if harm == "cut" else b"not a database")
    for command in ("status", "unmatched"):
        said = synced(command)
        assert said.code == 1
        assert "account_insights.duckdb" in said.err
        assert "sf-insights publish" in said.err
    assert synced("publish").code == 0
    assert synced("status").code == 0


def test_backing_up_a_lost_warehouse_says_how_to_restore_it(synced, tmp_path):
    synced.warehouse.unlink()
    said = synced("backup", str(tmp_path / "copy.duckdb"))
    assert said.code == 1
    assert "sf-insights restore" in said.err


def test_a_backup_never_overwrites_a_file(synced, tmp_path):
    file = tmp_path / "copy.duckdb"
    file.write_text("something else")
    said = synced("backup", str(file))
    assert said.code == 1
    assert file.read_text() == "something else"


def test_restoring_a_file_that_is_not_a_backup_is_refused_and_changes_nothing(synced, tmp_path):
    before = synced.warehouse.read_bytes()
    (tmp_path / "copy.duckdb").write_text("something else")
    for name in ("copy.duckdb", "nowhere.duckdb"):
        said = synced("restore", str(tmp_path / name))
        assert said.code == 1
        assert name in said.err
    assert synced.warehouse.read_bytes() == before


def test_publishing_before_the_first_sync_says_what_to_do(sf_insights):
    said = sf_insights("publish")
    assert said.code == 1
    assert "sf-insights sync" in said.err
    assert not sf_insights.warehouse.exists()


def test_a_sync_does_not_start_a_new_warehouse_beside_an_existing_snapshot(synced):
    before, snapshot = held(synced), synced.snapshot.read_bytes()
    synced.warehouse.unlink()
    said = synced("sync")
    assert said.code == 1
    assert f"sf-insights restore {shlex.quote(str(synced.snapshot))}" in said.err.replace("\n", " ")
    assert not synced.warehouse.exists()
    assert synced.snapshot.read_bytes() == snapshot
    assert synced("restore", str(synced.snapshot)).code == 0
    assert synced("sync").code == 0
    assert held(synced) == before


def test_a_failed_restore_leaves_the_warehouse_in_place(synced, tmp_path):
    copy = tmp_path / "copy.duckdb"
    assert synced("backup", str(copy)).code == 0
    before = synced.warehouse.read_bytes()
    (synced.data / ".warehouse.duckdb.part").mkdir()  # where restore writes its copy
    assert synced("restore", str(copy)).code == 1
    assert synced.warehouse.read_bytes() == before
    assert list(synced.data.glob("*before-restore*")) == []


def test_restoring_a_warehouse_from_itself_is_refused(synced):
    before = synced.warehouse.read_bytes()
    said = synced("restore", str(synced.warehouse))
    assert said.code == 1
    assert "is the warehouse itself" in said.err
    assert synced.warehouse.read_bytes() == before


def write_into_log(file, table):
    """Create a table in a process that dies before its database takes the change out of the write-ahead log."""
    finished(
        "import duckdb, os, sys\n"
        "held = duckdb.connect(sys.argv[1])  # closing it would empty the log\n"
        "held.execute(f'CREATE TABLE ops.{sys.argv[2]} (x INT)')\n"
        "os._exit(9)",
        str(file),
        table,
    )
    assert file.with_name(file.name + ".wal").exists()


def has_table(file, table):
    with duckdb.connect(str(file), read_only=True) as connection:
        return bool(connection.execute("FROM duckdb_tables() WHERE table_name = $name", {"name": table}).fetchall())


def test_what_only_the_write_ahead_log_has_is_kept_and_restored(synced, tmp_path):
    copy = tmp_path / "copy.duckdb"
    assert synced("backup", str(copy)).code == 0
    write_into_log(synced.warehouse, "proof")
    assert synced("restore", str(copy)).code == 0
    assert not has_table(synced.warehouse, "proof")
    [aside] = synced.data.glob("warehouse.before-restore-*.duckdb")
    write_into_log(aside, "second_proof")
    assert synced("restore", str(aside)).code == 0
    for table in ("proof", "second_proof"):
        assert has_table(synced.warehouse, table)


KILLED = """
import os, signal, sys
from fnmatch import fnmatch
left = int(sys.argv.pop(1))
def look(event, names):
    global left
    changed = names[1] if event in ("os.link", "os.rename") else names[0] if event == "os.remove" else None
    if changed is not None and fnmatch(changed, "*/warehouse.*duckdb*"):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(look)
from sf_insights.cli import main
main(prog_name="sf-insights")
"""


def test_a_restore_killed_at_any_step_leaves_a_warehouse_and_is_repeated(synced, tmp_path):
    copy = tmp_path / "copy.duckdb"
    assert synced("backup", str(copy)).code == 0
    write_into_log(synced.warehouse, "proof")
    before, code, steps = synced.warehouse.stat().st_ino, -9, 0
    while code == -9:
        code, said = finished(KILLED, str(steps), "restore", str(copy))
        with duckdb.connect(str(synced.warehouse), read_only=True) as connection:
            assert connection.execute("SELECT count(*) > 0 FROM insights.account_attributes").fetchall() == [(True,)]
        steps += 1
    assert code == 0, said
    assert steps > 2
    [aside] = synced.data.glob("*before-restore*")
    assert aside.stat().st_ino == before
    assert has_table(aside, "proof")


def test_republishing_does_not_make_a_snapshot_look_fresh_to_a_monitor(synced):
    warehouse = Warehouse(synced.warehouse)
    warehouse.open("a test")
    with warehouse.transaction() as tx:
        for table in ("insights.snapshot", "ops.sync_runs"):
            tx.execute(f"UPDATE {table} SET published_at = published_at - INTERVAL 2 DAY")
    warehouse.close()
    assert synced("publish").code == 0
    assert synced("label", "Industry", "Branch").code == 0
    assert synced("status", "--max-age", "26h").code == 1
    assert synced("status", "--max-age", "3d").code == 0
