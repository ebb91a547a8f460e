"""A list of Insights accounts between its source and the warehouse."""

import subprocess
import sys
from datetime import date

import polars as pl
import pytest

from sf_insights.domain.configuration import parse_configuration
from sf_insights.domain.problems import IncompleteData
from sf_insights.insights_accounts.files import FileAccounts
from sf_insights.warehouse.accounts.zuora_accounts import apply_list
from sf_insights.warehouse.syncs.syncs import open_sync
from sf_insights.warehouse.warehouse import Warehouse
from sf_insights_tests.soak import some

# Sampled, because a process's peak memory includes the pages of the file that it reads.
LAND = """
import sys, threading, time
from pathlib import Path
from sf_insights.insights_accounts.files import FileAccounts

def memory():
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["RssAnon"].split()[0])

def watch():
    while True:
        peak[0] = max(peak[0], memory())
        time.sleep(0.002)

peak = [0]
threading.Thread(target=watch, daemon=True).start()
source = FileAccounts(Path(sys.argv[1]))
source.check()
landed = source.land(Path(sys.argv[2]))
print(landed.accounts, peak[0])
"""


def written(path, accounts):
    """A CSV file, or a Parquet file in row groups of 100,000 accounts."""
    ids = pl.DataFrame({"row": range(accounts)}).select(Id=pl.format("8a{}", "row").str.pad_end(32, "f"))
    text = pl.format("what an account is called, {}", pl.col("Id"))
    columns = {"AccountNumber": pl.col("Id"), "Name": text, "CrmId": pl.col("Id"), "Status": text}
    frame = ids.with_columns(**columns)
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path, row_group_size=100_000)
    return path


@pytest.mark.parametrize(("kind", "growth"), some([("csv", 4), ("parquet", 3)], 1))
def test_memory_hardly_grows_with_the_number_of_accounts(tmp_path, kind, growth):
    peaks = []
    for accounts in (200_000, 2_000_000):
        file = written(tmp_path / f"{accounts}.{kind}", accounts)
        done = subprocess.run(
            [sys.executable, "-c", LAND, str(file), str(tmp_path / "landed")],
            capture_output=True,
            text=True,
            check=True,
        )
        landed, peak = map(int, done.stdout.split())
        assert landed == accounts
        peaks.append(peak)
    assert peaks[1] < growth * peaks[0]  # ten times as many accounts


@pytest.fixture
def warehouse(tmp_path):
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    warehouse.open("test")
    yield warehouse
    warehouse.close()


@pytest.mark.parametrize("harm", ["lost", "cut", "exchanged"])
def test_a_damaged_account_list_changes_nothing(tmp_path, warehouse, harm):
    landed = FileAccounts(written(tmp_path / "accounts.parquet", 150_000)).land(tmp_path / "landed")
    file = max(landed.directory.iterdir())
    match harm:
        case "lost":
            file.unlink()
        case "cut":
            file.write_bytes(file.read_bytes()[:-100])
        case "exchanged":
            pl.read_parquet(file).head(10).write_parquet(file)
    configuration = parse_configuration({"fields": ["Industry"]})
    with warehouse.transaction() as tx:
        sync = open_sync(tx, today=lambda _: date(2026, 3, 1), run_id="-", configuration=configuration, accepted=())
    with pytest.raises(IncompleteData, match="were removed or damaged"), warehouse.transaction() as tx:
        apply_list(tx, sync, landed)
    with warehouse.transaction() as tx:
        assert tx.is_empty("zuora.accounts")
