"""Merge chains in the warehouse, including loops, which Salesforce should never deliver."""

import pytest

from sf_insights.warehouse.warehouse import Warehouse


@pytest.fixture
def survivors(tmp_path):
    """Return each merged account's survivor, given rows of id, master (None: not merged) and deleted."""
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    warehouse.open("a test")

    def of(*rows):
        with warehouse.transaction() as tx:
            tx.insert(
                "salesforce.raw_accounts",
                [
                    {"Id": id_, "MasterRecordId": master, "IsDeleted": deleted, "changed_in_sync": 1}
                    for id_, master, deleted in rows
                ],
            )
            tx.run("salesforce/merged_accounts")
            return dict(
                tx.execute("SELECT salesforce_account_id, surviving_account_id FROM salesforce.merged_accounts")
            )

    yield of
    warehouse.close()


def test_a_chain_of_merges_ends_at_the_live_account(survivors):
    rows = [("a", "b", True), ("b", "c", True), ("c", "d", True), ("d", None, False)]
    assert survivors(*rows) == {"a": "d", "b": "d", "c": "d"}


def test_a_chain_that_ends_at_a_deleted_account_has_no_survivor(survivors):
    assert survivors(("a", "b", True), ("b", None, True)) == {"a": None}


def test_a_merge_loop_has_no_survivor(survivors):
    assert survivors(("a", "b", True), ("b", "a", True), ("c", "a", True), ("d", "d", True)) == {
        "a": None,
        "b": None,
        "c": None,
        "d": None,
    }


def test_an_unseen_master_record_is_not_a_survivor(survivors):
    assert survivors(("a", "gone", True)) == {"a": None}
