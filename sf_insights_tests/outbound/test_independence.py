"""The two directions know nothing of each other but the published snapshot."""

import itertools
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sf_insights.outbound.state import OutboundState
from sf_insights.settings.environment import Places, environment
from sf_insights.warehouse.warehouse import Warehouse
from sf_insights_tests.soak import IS_SOAK


def test_values_are_sent_while_an_inbound_sync_holds_the_warehouse(outbound, org):
    warehouse = Warehouse(outbound.sync.warehouse)
    warehouse.open("a sync")
    try:
        outbound.first_send()
    finally:
        warehouse.close()
    assert org.writes()


def test_a_sync_runs_while_an_outbound_run_holds_its_file(outbound, sync):
    outbound.preview()
    places = Places.from_environment(environment())
    state = OutboundState.of(places)
    state.open("a run")
    try:
        assert sync("2026-03-02").success
        assert "Another outbound run has not ended: a run" in outbound.fails()
    finally:
        state.close()


def test_a_run_reads_one_whole_snapshot_while_others_are_published(outbound, sync, tmp_path):
    outbound.values(
        "SELECT account_id, (SELECT max(sync) FROM insights.snapshot)::VARCHAR AS account_status FROM insights.accounts"
    )
    published = [tmp_path / "first.duckdb", tmp_path / "second.duckdb"]
    shutil.copy(sync.snapshot, published[0])
    sync("2026-03-02")
    shutil.copy(sync.snapshot, published[1])
    stopped = threading.Event()

    def publish():
        for file in itertools.cycle(published):
            if stopped.is_set():
                return
            shutil.copy(file, tmp_path / "copy.duckdb").replace(sync.snapshot)

    with ThreadPoolExecutor(1) as publisher:
        publisher.submit(publish)
        try:
            for _ in range(4 if IS_SOAK else 2):
                outbound.preview()
                run = outbound.last_run()
                values = outbound.rows("SELECT DISTINCT new_value FROM outbound.samples WHERE run = ?", [run["run"]])
                assert values == [(str(run["snapshot_sync"]),)]
        finally:
            stopped.set()


def test_the_snapshot_is_the_same_with_and_without_outbound(outbound, sync):
    def tables():
        return {
            name: sync.look().rows(f"SELECT * EXCLUDE (salesforce_read_at) FROM insights.{name} ORDER BY ALL")
            if name == "snapshot"
            else sync.look().rows(f"FROM insights.{name} ORDER BY ALL")
            for name in ("accounts", "matched_accounts", "account_attributes", "account_metrics", "fields")
        }

    before = tables()
    outbound.previewed()
    outbound.send()
    assert tables() == before


@pytest.mark.parametrize("owner", ["rule"])
def test_no_assignment_rule_runs(outbound, org, owner):
    owners = {row["Id"]: row["OwnerId"] for row in org.records("Account")}
    org.configure(assignment_owner=next(iter(owners.values())))
    outbound.first_send()
    assert {row["Id"]: row["OwnerId"] for row in org.records("Account")} == owners


def test_values_can_be_written_by_a_user_of_their_own(outbound, org, monkeypatch):
    org.configure(reader_may_write=False)
    outbound.configure()
    assert "may not" in outbound.fails("preview")
    for name, value in org.writer_environment.items():
        monkeypatch.setenv(name.replace("SALESFORCE_", "SALESFORCE_OUTBOUND_"), value)
    outbound.first_send()
    assert org.writes()


def test_a_run_that_is_refused_leaves_the_files_of_the_one_under_way(outbound):
    outbound.preview()
    places = Places.from_environment(environment())
    page = places.data / "outbound" / "page.csv"
    state = OutboundState(places.outbound, places.limits)
    state.open("a run")
    try:
        page.parent.mkdir(exist_ok=True)
        page.touch()
        assert "Another outbound run has not ended" in outbound.fails()
        assert page.exists()
    finally:
        state.close()


def test_a_page_that_asks_who_has_the_file_does_not_refuse_a_run(tmp_path):
    state, stopped = OutboundState(tmp_path / "outbound_sync.duckdb"), threading.Event()

    def ask():
        page = OutboundState(state.path)
        while not stopped.is_set():
            page.holder()

    with ThreadPoolExecutor(2) as pages:
        for _ in range(2):
            pages.submit(ask)
        try:
            for _ in range(20):
                state.open("a run")
                state.close()
        finally:
            stopped.set()
