"""How much memory DuckDB may use in each step, where SF_INSIGHTS_MEMORY_LIMIT does not say it."""

import pytest

from sf_insights.settings import database_limits
from sf_insights.settings.database_limits import DatabaseLimits
from sf_insights.warehouse.copies import size_of
from sf_insights.warehouse.transaction import Transaction

TEXTS = {"string", "picklist", "phone", "url", "email", "textarea"}
LEAST, MOST = "286.1 MiB", "524.5 MiB"  # 300 and 550 MB


@pytest.fixture
def limits(monkeypatch):
    """The limit that was in force when each SQL file ran, by the name of the file."""
    found: dict[str, str] = {}
    run = Transaction.run

    def noted(tx, file, parameters=None, **names):
        found[file] = tx.value("SELECT current_setting('memory_limit')")
        run(tx, file, parameters, **names)

    monkeypatch.setattr(Transaction, "run", noted)
    return found


def test_syncs_of_little_data_use_the_least(org, sync, limits):
    sync(day="2026-03-01", fields=["Industry"])
    assert "attributes/first" in limits
    assert set(limits.values()) == {LEAST}
    org.pass_day()
    sync(day="2026-03-02")
    assert "attributes/incremental" in limits
    assert set(limits.values()) == {LEAST}


def test_new_attributes_are_filled_with_the_most(sync, limits):
    sync.first_day(fields=["Industry"])
    sync(day="2026-03-02", fields=["Industry", "Description"])
    assert limits["salesforce/raw_accounts"] == limits["attributes/new_fields"] == MOST
    assert limits["matching/todays_matches"] == LEAST


def test_many_columns_are_written_with_the_most(sync, salesforce, limits):
    wide = [field["name"] for field in salesforce.describe("Account")["fields"] if field["type"] in TEXTS][:45]
    assert len(wide) == 45
    sync(day="2026-03-01", fields=wide)
    assert limits["salesforce/raw_accounts"] == limits["attributes/first"] == MOST
    assert limits["matching/todays_matches"] == LEAST


def test_history_is_filled_in_with_the_most(org, sync, limits):
    org.pass_day()
    sync(day="2026-03-02", fields=["Industry"])
    sync.backfill()
    used = {limit for file, limit in limits.items() if file.startswith("history/")}
    assert used == {MOST}


@pytest.mark.parametrize("file", ["salesforce/raw_accounts", "zuora/accounts"])
def test_what_was_read_counts_before_it_is_in_the_warehouse(sync, monkeypatch, limits, file):
    monkeypatch.setattr(database_limits, "_DATA_OF_LEAST", 0)
    monkeypatch.setattr(database_limits, "_MEMORY_OF_MORE_DATA", 200)  # a small org is a large one here
    sizes: dict[str, int] = {}
    run = Transaction.run

    def noted(tx, name, parameters=None, **names):
        sizes.setdefault(name, size_of(sync.data / "warehouse.duckdb"))
        run(tx, name, parameters, **names)

    monkeypatch.setattr(Transaction, "run", noted)
    sync(day="2026-03-01", fields=["Industry"])
    alone = int(DatabaseLimits(threads="1").memory_for(sizes[file]).removesuffix("MB")) * 1_000_000 / 2**20
    assert float(limits[file].removesuffix(" MiB")) > alone + 1
