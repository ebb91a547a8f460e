"""The warehouse file is copied without free blocks, but only when there are enough of them."""

import logging
from pathlib import Path

import duckdb
import pytest

from sf_insights.settings.database_limits import USUAL_LIMITS
from sf_insights.warehouse.compaction import compact, has_holes
from sf_insights.warehouse.warehouse import Warehouse

ROWS = 500_000


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    warehouse.open("a test")
    with warehouse.transaction() as tx:
        tx.execute(
            'INSERT INTO salesforce.raw_accounts ("Id", "IsDeleted", "Name", changed_in_sync) '
            f"SELECT md5(range::VARCHAR), false, md5((range + 1)::VARCHAR), 1 FROM range({ROWS})"
        )
        tx.execute("COMMENT ON TABLE insights.fields IS 'It''s commented'")
        tx.execute("CREATE VIEW insights.accounts AS FROM salesforce.raw_accounts")
        tx.execute("CREATE TABLE ops.in_order AS SELECT md5(range::VARCHAR) AS text FROM range(90_000)")
    return warehouse


def rewrite(warehouse: Warehouse, share: float) -> None:
    with warehouse.transaction() as tx:
        tx.execute(
            "CREATE OR REPLACE TEMP TABLE changing AS FROM salesforce.raw_accounts "
            f'WHERE hash("Id", 1) % 1000 < {share * 1000}'
        )
        tx.execute('DELETE FROM salesforce.raw_accounts WHERE "Id" IN (SELECT "Id" FROM changing)')
        tx.execute("INSERT INTO salesforce.raw_accounts FROM changing")
        tx.execute("DROP TABLE changing")


def worth_it(warehouse: Warehouse) -> bool:
    with warehouse.transaction() as tx:
        return has_holes(tx)


def content(file: Path) -> list[object]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return [
            connection.execute(query).fetchall()
            for query in (
                "SELECT count(*), bit_xor(hash(account)) FROM salesforce.raw_accounts AS account",
                "SELECT count(*) FROM insights.accounts",
                "SELECT hash(list(text ORDER BY rowid)) FROM ops.in_order",
                "SELECT schema_name, table_name, comment, sql FROM duckdb_tables() ORDER BY ALL",
                "SELECT insights.sf_id18('001000000000001')",
            )
        ]


def test_a_file_with_few_changes_is_not_compacted(warehouse: Warehouse) -> None:
    warehouse.checkpointed()
    warehouse.reopen()
    rewrite(warehouse, 0.02)

    assert not worth_it(warehouse)
    warehouse.close()


def test_a_compacted_file_is_smaller_and_has_the_same_data(warehouse: Warehouse) -> None:
    for _ in range(3):
        rewrite(warehouse, 0.3)
        warehouse.checkpointed()
        warehouse.reopen()
    assert worth_it(warehouse)
    file = warehouse.checkpointed()
    size, before = file.stat().st_size, content(file)

    compact(file, USUAL_LIMITS)

    assert file.stat().st_size < size
    assert content(file) == before
    warehouse.reopen()
    assert not worth_it(warehouse)
    warehouse.close()


def test_a_file_that_cannot_be_compacted_stays_and_is_reported(
    warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    file = warehouse.checkpointed()
    before = content(file)
    # Block the path of the copy with something that is not ours to remove.
    file.with_name(f".{file.name}.compact").symlink_to(file.parent / "elsewhere")

    with caplog.at_level(logging.WARNING):
        compact(file, USUAL_LIMITS)

    assert "was not compacted" in caplog.text
    assert content(file) == before
    warehouse.close()
