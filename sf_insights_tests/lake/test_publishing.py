"""The daily job publishes into the lake what the file holds, and each earlier state stays readable."""

import shutil

import duckdb
import pytest

from sf_insights.lake.state import read_state
from sf_insights.runs import run_publishing


@pytest.mark.slow
def test_every_relation_equals_the_files_on_two_days_and_yesterday_stays_readable(org, sync, publishing, tmp_path):
    sync(day="2026-03-01")
    assert publishing.differences() == {}
    [(first,)] = publishing.rows("SELECT max(snapshot_id) FROM lake.snapshots()")
    yesterday = shutil.copy(sync.snapshot, tmp_path / "yesterday_file.duckdb")

    org.pass_day()
    sync(day="2026-03-02")
    assert publishing.differences() == {}
    assert read_state(sync.data).sync == 2
    with duckdb.connect(str(yesterday), read_only=True) as file:
        for relation in ("ops.attribute_values", "ops.metric_history", "insights.snapshot"):
            then = publishing.rows(f"SELECT * FROM lake.{relation} AT (VERSION => {first}) ORDER BY ALL")
            assert then == file.execute(f"SELECT * FROM {relation} ORDER BY ALL").fetchall()


def test_the_macro_and_the_comments_are_published(synced):
    synced.publish()
    [(id_,)] = synced.rows("SELECT lake.insights.sf_id18('001M000000qfPyS')")
    assert id_ == "001M000000qfPySIAU"
    comments = """
        SELECT schema_name, {kind}_name, comment FROM duckdb_{kind}s()
        WHERE database_name = '{database}' AND comment IS NOT NULL AND {kind}_name NOT IN ('lake', 'lake_views')
        ORDER BY ALL
    """
    for kind in ("table", "view"):
        lake, file = (synced.rows(comments.format(kind=kind, database=name)) for name in ("lake", "published"))
        assert lake == file
        assert lake


def test_each_state_names_its_sync(synced):
    synced.publish()
    *_, state = synced.rows(
        "SELECT author, commit_message, commit_extra_info FROM lake.snapshots() ORDER BY snapshot_id"
    )
    assert state[:2] == ("sf_insights", "Sync 1 of 2026-03-01")
    assert '"day": "2026-03-01"' in state[2]


def test_publishing_the_same_again_writes_nothing(synced):
    synced.publish()
    files, states = synced.files(), synced.states()
    again = synced.publish().publication
    assert (again.tables, again.views) == ((), 0)
    assert (synced.files(), synced.states()) == (files, states)


def test_a_changed_label_reaches_the_lake(sync, publishing):
    sync(day="2026-03-01")
    sync.relabel(fields=[{"field": "Industry", "label": "Branch"}])
    assert publishing.differences() == {}
    assert "Branch" in [row[0] for row in publishing.rows("DESCRIBE lake.insights.accounts_labelled")]


def test_a_new_field_and_a_removed_one_change_the_columns(sync, publishing):
    sync(day="2026-03-01", fields=["Industry", "Rating"])
    sync(day="2026-03-02", fields=["Industry", "Website"])
    assert publishing.differences() == {}


@pytest.mark.soak
def test_publish_brings_the_file_and_the_lake(sync, publishing):
    sync.first_day(publish_to=None)
    sync.configure(publish_to=publishing.settings)
    assert run_publishing().success
    assert publishing.differences() == {}


def test_a_backfill_brings_its_history_into_the_lake(org, sync, publishing):
    org.pass_day()
    sync(day="2026-03-02", daily_at="00:30")
    before = publishing.states()
    sync.backfill(is_dry=True)
    assert publishing.states() == before
    sync.backfill()
    assert publishing.differences() == {}
    filled = publishing.rows("SELECT count(*) FROM lake.insights.account_metrics WHERE source = 'history'")
    assert filled > [(100,)]


def test_a_home_of_another_project_publishes_under_its_prefix(publishing):
    from sf_insights.assembly import definitions_of

    (publishing.data / ".env").write_text("SF_INSIGHTS_DATA_DIR=.\n", encoding="utf-8")
    definitions = definitions_of(publishing.data, "emea")
    keys = {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}
    assert "emea/insights/published_lake" in keys


def test_a_home_without_a_lake_has_no_asset_of_it_and_imports_nothing(sync):
    from sf_insights.assembly import definitions_of

    sync.configure(fields=["Industry"])
    keys = {spec.key.to_user_string() for spec in definitions_of(None, None).resolve_all_asset_specs()}
    assert "insights/published_snapshot" in keys
    assert "insights/published_lake" not in keys
