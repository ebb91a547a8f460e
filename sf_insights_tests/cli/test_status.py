import re
import stat
import subprocess
import sys

import pytest

from sf_insights.warehouse.warehouse import Warehouse
from sf_insights_tests.shown_times import MOMENT


def test_before_the_first_sync_it_says_what_to_do(sf_insights):
    said = sf_insights("status")
    assert said.code == 1
    assert "Nothing has been synced yet" in said.err
    assert "sf-insights check" in said.err
    assert not sf_insights.warehouse.exists()


def test_it_shows_the_last_sync_and_how_accounts_matched(synced):
    said = synced("status")
    assert said.code == 0
    assert "of 2026-03-02, published" in said.out
    assert "1 2026-03-02 complete" in said.out
    for status, count in synced.rows("SELECT match_status, count(*) FROM insights.matched_accounts GROUP BY ALL"):
        assert any(line.split()[::2] == [str(count), status] for line in map(str.strip, said.lines)), status
    assert max(len(line.rstrip()) for line in said.lines if str(synced.data) not in line) <= 80


def test_json_shows_the_same(synced):
    found = synced("status", "--json").json
    assert found["read_from"] == "warehouse"
    assert found["running"] is None
    assert found["snapshot"]["path"] == str(synced.snapshot)
    assert [(row["sync"], row["day"], row["state"]) for row in found["syncs"]] == [(1, "2026-03-02", "complete")]
    assert found["matches"] == dict(
        synced.rows("SELECT match_status, count(*) FROM insights.matched_accounts GROUP BY ALL")
    )


def test_a_failed_sync_is_shown_first_with_its_reason(synced, monkeypatch):
    monkeypatch.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")
    synced("sync")
    said = synced("status")
    assert said.code == 0
    assert "2 2026-03-02 failed" in said.out
    assert "Salesforce refused the login" in said.out
    assert "of 2026-03-02, published" in said.out


def test_when_the_first_sync_failed_it_shows_why(sf_insights, monkeypatch):
    monkeypatch.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")
    assert sf_insights("sync").code == 1
    said = sf_insights("status")
    assert said.code == 0
    assert "Nothing has been published yet." in said.out
    assert "Salesforce refused the login" in said.out


def test_a_paused_field_is_shown_with_its_reason(synced, org, monkeypatch):
    org.hide_field("Rating")
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    synced("sync")
    assert "Rating since 2026-03-03: it is no longer visible in Salesforce" in synced("status").out


def test_while_a_sync_runs_the_snapshot_is_shown(synced):
    warehouse = Warehouse(synced.warehouse)
    warehouse.open("Dagster run 17")
    try:
        said = synced("status")
        as_json = synced("status", "--json").json
    finally:
        warehouse.close()
    assert said.code == 0
    assert re.search(
        rf"Dagster run 17 is running since {MOMENT} \(process \d+\)\. Showing the published snapshot", said.out
    )
    assert said.out.count("is running") == 1
    assert "1 2026-03-02 complete" in said.out
    assert as_json["read_from"] == "snapshot"


def test_it_does_not_touch_the_snapshot_or_the_lock(synced):
    before = synced.snapshot.read_bytes()
    synced("status")
    assert synced.snapshot.read_bytes() == before
    assert Warehouse(synced.warehouse).holder() is None


def test_a_warehouse_that_is_not_a_database_is_reported(synced):
    synced.warehouse.write_bytes(b"garbage" * 1000)
    said = synced("status")
    assert said.code == 1
    assert "warehouse.duckdb cannot be opened" in said.err
    assert "Traceback" not in said.err


def test_a_masked_field_is_shown_with_the_missing_permission(sf_insights, org):
    org.configure(view_encrypted_data=False)
    sf_insights.configure(fields=["Industry", "Tax_Id__c"])
    assert sf_insights("sync").code == 0
    said = sf_insights("status")
    assert "Tax_Id__c is masked" in said.out
    assert "View Encrypted Data" in said.out
    assert sf_insights("status", "--json").json["masked"] == ["Tax_Id__c"]


def test_the_number_of_fields_is_the_same_in_summary_status_and_json(synced, org):
    org.hide_field("Rating")
    synced.configure(fields=["Industry", "Rating", {"field": "ARR__c", "as": "metric"}])  # AnnualRevenue is deselected
    said = synced("sync")
    told = "3 fields: 2 attributes and 1 metric; 1 is paused"
    assert f"Fields {told}" in said.out
    assert "Labels 3, 3 of them still default" in said.out
    assert f"{told}." in synced("status").out
    assert synced("status", "--json").json["fields"] == {"attributes": 2, "metrics": 1, "paused": 1}


def test_a_file_edited_after_it_was_found_valid_is_read_again(synced):
    valid = synced.configuration.read_text()
    assert "The next sync is due " in synced("status").out
    assert (synced.data / "valid_settings.json").exists()
    assert "The next sync is due " in synced("status").out
    synced.configuration.write_text(f"{valid}\nenabled: maybe\n")
    assert "No sync can start. account_field_sync.yaml: enabled" in synced("status").out
    synced.configuration.write_text(f"{valid}\nenabled: false\n")
    for _ in range(2):
        assert "The synchronization is switched off" in synced("status").out
    synced.configuration.write_text(valid)
    assert "The next sync is due " in synced("status").out


def test_a_damaged_note_of_the_valid_file_does_not_matter(synced):
    (synced.data / "valid_settings.json").write_text("[")
    assert "The next sync is due " in synced("status").out


def test_the_note_of_the_valid_file_is_private_as_the_file_may_be(synced):
    synced("status")
    assert stat.S_IMODE((synced.data / "valid_settings.json").stat().st_mode) == 0o600


@pytest.mark.kept_log
def test_a_usual_status_imports_neither_dagster_nor_openssl_nor_threads(synced):
    synced("status")
    code = (
        "import sys\nfrom sf_insights.cli import main\n"
        "try:\n    main(['status'])\nexcept SystemExit:\n    print(*sorted(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ended.stdout.splitlines()[-1].split())
    assert "sf_insights.dagster_instance.next_sync" in loaded
    assert not {"dagster", "_hashlib", "concurrent.futures", "pydantic"} & loaded
