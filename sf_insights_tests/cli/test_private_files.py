"""Only this user can read the files that the commands write, at every moment and with any umask."""

import os
import re
import subprocess
import sys

import pytest

from sf_insights.settings.home import CHECKOUT
from sf_insights.warehouse.warehouse import Warehouse

SNAPSHOT = {"account_insights.duckdb", ".account_insights.duckdb.part"}  # for analysts, once it is complete
# DuckDB and the lock write these with the umask's mode; the test writes the list of accounts.
HOLDER = {"warehouse.holder"}  # other users can see which process holds the lock
OF_THE_UMASK = {
    "warehouse.duckdb",
    "warehouse.duckdb.wal",
    *HOLDER,
    "alerts.json",
    "run.progress",
    "account_field_sync.yaml",
}


@pytest.fixture
def readable(sf_insights, tmp_path):
    """Run a command with an open umask, and return the files that others could read during it."""

    def run(*arguments):
        notes = tmp_path / "notes"
        subprocess.run(
            [sys.executable, "-m", "sf_insights_tests.watching_files", str(sf_insights.data), str(notes), *arguments],
            cwd=CHECKOUT,
            env=os.environ,
            umask=0o022,
            check=True,
            timeout=120,
            stdout=subprocess.DEVNULL,
        )
        return {
            re.sub(r"^\.(warehouse\.holder|run\.progress)\.\d+\.part$", r"\1", name)
            for name in notes.read_text().split()
        }

    return run


def test_pages_and_snapshot_copies_are_private(sf_insights, readable):
    assert readable("sync") - OF_THE_UMASK <= SNAPSHOT
    assert sf_insights.snapshot.stat().st_mode & 0o777 == 0o444


def test_backups_and_restored_warehouses_are_private_from_the_first_byte(synced, readable):
    for file in (synced.warehouse, synced.configuration, synced.data / "alerts.json"):
        file.chmod(0o600)
    backup = synced.data / "backup.duckdb"
    assert readable("backup", str(backup)) - HOLDER - {"run.progress"} <= SNAPSHOT
    assert backup.stat().st_mode & 0o777 == 0o600
    assert readable("restore", str(backup)) - OF_THE_UMASK <= SNAPSHOT
    assert synced.warehouse.stat().st_mode & 0o777 == 0o600


def test_a_compacted_warehouse_keeps_its_mode_from_the_first_byte(synced, readable):
    warehouse = Warehouse(synced.warehouse)
    warehouse.open("a test")
    warehouse.checkpointed()
    warehouse.close()
    synced.warehouse.chmod(0o600)
    assert readable("compact", str(synced.warehouse)) - OF_THE_UMASK <= SNAPSHOT
    assert synced.warehouse.stat().st_mode & 0o777 == 0o600
    assert synced("publish").code == 0


def test_an_edited_settings_file_is_private_while_it_is_written(sf_insights, readable):
    sf_insights.configuration.chmod(0o600)
    assert readable("label", "Industry", "Branch") == set()
    assert sf_insights.configuration.stat().st_mode & 0o777 == 0o600
