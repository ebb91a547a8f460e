"""A lake that fails undoes nothing: the file is published, one alert goes out, and the next publication catches up."""

from datetime import UTC, datetime, timedelta

import pytest

from sf_insights.dagster_instance.home import opened_instance, use_dagster_home
from sf_insights.dagster_instance.next_sync import planned_start
from sf_insights.domain.problems import GuardRefusal
from sf_insights.lake.connecting import reached
from sf_insights.lake.state import read_state
from sf_insights.pages.syncing.view import view
from sf_insights.runs import run_backfill, run_publishing
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import Places, environment
from sf_insights_tests.alert_receiver import Receiver
from sf_insights_tests.lake.made_snapshot import MadeSnapshot


@pytest.fixture
def receiver(monkeypatch):
    with Receiver.started() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def day_of(home):
    with home.reader() as reader:
        return [str(row[0]) for row in reader.execute("SELECT synced_on FROM lake.insights.snapshot").fetchall()]


@pytest.mark.soak
def test_a_stopped_server_costs_no_backfill_and_the_lake_catches_up(org, sync, publishing, server):
    org.pass_day()
    sync(day="2026-03-02", daily_at="00:30")
    server.stop()
    try:
        filled = run_backfill()
        shown = view(sync.data, None, datetime.now(UTC))
    finally:
        server.start()
    assert (filled.success, filled.is_published) == (False, True)
    assert "account_insights.duckdb is published" in str(filled.reason)
    assert sync.look().rows("SELECT count(*) FROM insights.field_days WHERE source = 'history'") > [(0,)]
    assert shown is not None
    assert shown.headline.startswith("The data is published")
    assert [(step.title, step.state) for step in shown.steps][-2:] == [("Published", "done"), ("Lake", "failed")]
    assert run_publishing().success
    assert publishing.differences() == {}


def test_a_stopped_server_costs_no_sync_and_the_lake_catches_up(org, sync, publishing, server, receiver):
    sync(day="2026-03-01")
    receiver.taken()
    server.stop()
    try:
        org.pass_day()
        failed = sync.fails(day="2026-03-02")
        shown = view(sync.data, None, datetime.now(UTC))
        again = run_publishing()
    finally:
        server.start()
    assert failed.reason.startswith("PostgreSQL at lake@127.0.0.1:")
    assert "account_insights.duckdb is published" in failed.reason
    assert (again.success, again.is_published, again.reason) == (False, True, failed.reason)
    assert [str(row[0]) for row in sync.look().rows("SELECT synced_on FROM insights.snapshot")] == ["2026-03-02"]
    [(state, published)] = sync.read_warehouse(
        "SELECT state, published_at IS NOT NULL FROM ops.sync_runs ORDER BY sync DESC LIMIT 1"
    )
    assert (state, published) == ("complete", True)
    told = [line for line in receiver.taken() if "lake" in line]
    assert told == [f"sf_insights: The lake was not published: {failed.reason}"]
    assert str(read_state(sync.data).day) == "2026-03-01"
    assert read_state(sync.data).problem
    assert day_of(publishing) == ["2026-03-01"]
    assert shown is not None
    assert shown.headline.startswith("The data is published")
    assert [step.state for step in shown.steps][-2:] == ["done", "failed"]
    assert "cannot be reached" in shown.reason

    assert run_publishing().success
    assert publishing.differences() == {}
    assert read_state(sync.data).problem == ""
    assert receiver.taken() == ["sf_insights: Recovered: the lake is published again."]
    assert run_publishing().success
    assert receiver.taken() == []


def test_a_failed_lake_is_not_a_failed_sync_for_the_schedule(sync, publishing, server, dagster_home):
    server.stop()
    try:
        sync.fails(day="2026-03-01", daily_at="00:00")
    finally:
        server.start()
    variables = environment()
    places = Places.from_environment(variables)
    with opened_instance(use_dagster_home()) as instance:
        moment = datetime.now(UTC)
        start = planned_start(load_configuration(places.configuration), places, variables, instance, moment)
    assert start.attempt == 1
    assert start.at.date() == moment.date() + timedelta(days=1)


@pytest.mark.soak
def test_a_lake_that_fails_after_a_relabelling_keeps_the_label(sync, publishing, server):
    sync(day="2026-03-01")
    server.stop()
    try:
        failed = sync.relabel_fails(fields=[{"field": "Industry", "label": "Branch"}])
    finally:
        server.start()
    assert "cannot be reached" in failed.reason
    assert sync.look().rows("SELECT label FROM insights.field_labels WHERE field = 'Industry'") == [("Branch",)]
    assert run_publishing().success
    assert publishing.differences() == {}


def test_settings_that_name_no_lake_any_more_are_no_failure(sync, publishing):
    assert sync(day="2026-03-01", publish_to=None).success
    assert read_state(sync.data).problem == ""


def test_a_rollback_that_fails_too_does_not_hide_the_first_error(home, server):
    MadeSnapshot(home.snapshot, 100)
    home.publish()
    try:
        with reached(home.target, home.places, home.variables) as lake:
            lake.attach()
            with pytest.raises(GuardRefusal, match="the first error"), lake.transaction() as tx:
                tx.execute("DELETE FROM lake.ops.lake_views")
                server.stop()
                raise GuardRefusal("the first error")
    finally:
        server.start()
    assert home.differences() == {}
