"""The commands on a warehouse that an earlier or newer version wrote."""

import json
import os
import shutil
import subprocess

import duckdb
import pytest

from sf_insights.warehouse.warehouse import Warehouse
from sf_insights_tests.older_warehouse import DAY, FIELDS, put_older_warehouse


@pytest.fixture
def older(sf_insights):
    """An installation with a warehouse and a snapshot of schema 1."""
    sf_insights.configure(fields=FIELDS)
    put_older_warehouse(sf_insights.warehouse)
    shutil.copyfile(sf_insights.warehouse, sf_insights.snapshot)
    return sf_insights


def held(older):
    history = "SELECT account_id, field, value, valid_from, valid_to FROM insights.attribute_history ORDER BY ALL"
    return older.rows("FROM insights.accounts ORDER BY ALL"), older.rows(history)


def test_publish_migrates_an_older_warehouse_and_publishes_its_data(older, org):
    before = held(older)
    older.snapshot.unlink()
    org.clear_requests()
    assert older("publish").code == 0
    assert org.requests() == []
    assert held(older) == before
    [(version, shown)] = older.rows(
        "SELECT warehouse.schema_version, snapshot.schema_version FROM ops.warehouse, insights.snapshot"
    )
    assert version == shown > 1


def test_a_change_of_a_metric_by_an_earlier_version_has_a_reason_only_if_an_attribute_changed_too(older):
    with duckdb.connect(str(older.warehouse)) as connection:
        [(alone,)] = connection.execute(
            "SELECT min(account_id) FROM insights.metric_history WHERE metric = 'ARR__c' AND valid_to IS NULL "
            f"AND valid_from < '{DAY}' AND account_id NOT IN (SELECT account_id FROM insights.attribute_changes)"
        ).fetchall()
        of_account = f"WHERE metric = 'ARR__c' AND account_id = '{alone}'"
        connection.execute(f"UPDATE insights.metric_history SET valid_to = '{DAY}' {of_account}")
        connection.execute(
            "INSERT INTO insights.metric_history BY NAME SELECT * REPLACE (value + 1 AS value, "
            f"DATE '{DAY}' AS valid_from, NULL AS valid_to) FROM insights.metric_history {of_account}"
        )
    assert older("publish").code == 0
    found = older.rows(
        "SELECT account_id, metric.reason, attribute.reason FROM insights.metric_changes AS metric "
        "LEFT JOIN (SELECT DISTINCT account_id, changed_on, reason FROM ops.attribute_changes) AS attribute "
        "USING (account_id, changed_on)"
    )
    assert (alone, None, None) in found
    assert {reason for _, reason, _ in found} == {None, "merged", "relinked"}
    assert all(reason == known for _, reason, known in found)


def test_label_migrates_an_older_warehouse_and_publishes_the_label(older):
    said = older("label", "Industry", "Branch")
    assert said.code == 0
    [copy] = older.data.glob("warehouse.before-schema-*.duckdb")
    assert copy.name in said.out + said.err
    assert older.labels()["Industry"] == "Branch"
    assert older.labels()["AnnualRevenue"] == "Annual revenue"


def test_status_and_fields_read_an_older_warehouse(older):
    found = older("status", "--json").json
    assert [(row["sync"], row["day"], row["state"]) for row in found["syncs"]] == [
        (2, DAY, "complete"),
        (1, "2026-03-01", "complete"),
    ]
    assert [row["field"] for row in found["paused"]] == ["Rating"]
    assert found["snapshot"]["synced_on"] == DAY
    assert older("fields").code == 0


def test_status_explains_an_older_snapshot_while_the_warehouse_is_held(older):
    holder = Warehouse(older.warehouse)
    holder.hold("a sync")
    try:
        said = older("status")
    finally:
        holder.close()
    assert said.code == 1
    assert "was published by an earlier sf_insights (schema 1" in said.err
    assert "`sf-insights publish`" in said.err


def test_the_path_of_the_copy_is_printed_without_breaking_scripts(older, command):
    done = subprocess.run([*command, "status", "--json"], env=os.environ, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["syncs"]
    [copy] = older.data.glob("warehouse.before-schema-*.duckdb")
    assert copy.name in done.stderr


def test_a_backup_of_an_earlier_version_is_restored(older, tmp_path):
    before = held(older)
    older.warehouse.rename(tmp_path / "backup.duckdb")
    older.snapshot.unlink()
    said = older("restore", str(tmp_path / "backup.duckdb"))
    assert said.code == 0, said.err
    assert held(older) == before


@pytest.mark.parametrize("arguments", [("status",), ("publish",), ("sync",), ("label", "Industry", "Branch")])
def test_a_newer_warehouse_is_refused_with_a_clear_message_and_left_unchanged(synced, arguments):
    with duckdb.connect(str(synced.warehouse)) as connection:
        connection.execute("UPDATE ops.warehouse SET schema_version = 99")
    before = synced.warehouse.read_bytes(), synced.snapshot.read_bytes(), synced.configuration.read_bytes()
    said = synced(*arguments)
    assert said.code == 1
    assert "was written by a newer sf_insights (schema 99" in said.err
    assert "Upgrade sf_insights." in said.err
    assert (synced.warehouse.read_bytes(), synced.snapshot.read_bytes(), synced.configuration.read_bytes()) == before
