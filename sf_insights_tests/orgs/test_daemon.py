"""Three orgs in Dagster's real daemon and web server; one is added while they run, one has wrong credentials."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import dagster as dg
import duckdb
import pytest
import requests

from sf_insights.dagster_instance.home import use_dagster_home
from sf_insights.settings.home import CHECKOUT
from sf_insights_tests.orgs import daemon_of_many
from sf_insights_tests.orgs.conftest import SETTINGS
from sf_insights_tests.pages.dagster_ui import dagster_ui
from sf_insights_tests.waiting import wait_for

pytestmark = [pytest.mark.kept_log, pytest.mark.slow]

DUE = "daily_at: '00:00'\n"  # also on the daemon's clock, which runs ahead
SUCCESS, FAILURE = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE


@contextmanager
def daemon(home):
    """Run Dagster's daemon and its code servers in their own session, and kill them at the end."""
    command = [sys.executable, daemon_of_many.__file__, str(time.time()), "run"]
    command += ["-w", str(CHECKOUT / "workspace.yaml")]
    environment = os.environ | {"DAGSTER_HOME": str(home), "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(
        command, cwd=home.parent, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def accounts(home):
    with duckdb.connect(str(home.data / "account_insights.duckdb"), read_only=True) as connection:
        return connection.execute("SELECT salesforce_accounts FROM ops.sync_runs").fetchall()


def test_each_org_is_synced_by_its_own_runs_also_one_that_is_added_while_the_daemon_runs(
    orgs, org, other_org, monkeypatch
):
    monkeypatch.delenv("SF_INSIGHTS_TODAY")
    for name, its_org, secret in (("emea", org, {}), ("west", org, {"SALESFORCE_CONSUMER_SECRET": "wrong"})):
        orgs.add(name, its_org, **secret).configuration.write_text(DUE + SETTINGS)
    home = use_dagster_home()
    with dg.DagsterInstance.from_config(str(home)) as instance, daemon(home):

        def ended():
            return {run.job_name: run.status for run in instance.get_runs() if run.is_finished}

        wait_for("two runs", lambda: len(ended()) == 2)
        orgs.add("apac", other_org).configuration.write_text(DUE + SETTINGS)
        wait_for("the run of the new org", lambda: "apac__daily_account_field_sync" in ended())
        assert ended() == {
            "apac__daily_account_field_sync": SUCCESS,
            "emea__daily_account_field_sync": SUCCESS,
            "west__daily_account_field_sync": FAILURE,
        }
        runs = instance.get_runs()
        assert sorted(run.tags["sf_insights/org_name"] for run in runs) == ["apac", "emea", "west"]
        for key in ("apac", "emea"):
            made = instance.get_latest_materialization_event(dg.AssetKey([key, "insights", "published_snapshot"]))
            assert made is not None
        assert (
            instance.get_latest_materialization_event(dg.AssetKey(["west", "insights", "published_snapshot"])) is None
        )
    assert accounts(orgs.home("emea")) == [(org.state()["accounts"],)]
    assert accounts(orgs.home("apac")) == [(other_org.state()["accounts"],)]
    told = orgs("status", "--all", "--json")
    assert told.code == 1
    states = {row["org"]: row["state"] for row in told.json["orgs"]}
    assert states == {"apac": "well", "emea": "well", "west": "failed"}
    assert "is due" in orgs("status", "--org", "apac").out


def jobs(address):
    query = "{ repositoriesOrError { ... on RepositoryConnection { nodes { jobs { name } } } } }"
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{address}/graphql", json={"query": query}, timeout=60).json()
    [repository] = answer["data"]["repositoriesOrError"]["nodes"]
    return {job["name"].partition("__")[0] for job in repository["jobs"] if not job["name"].startswith("__")}


def test_a_running_web_server_shows_added_and_renamed_orgs(orgs):
    orgs.add("emea")
    use_dagster_home()
    with dagster_ui() as address:
        assert jobs(address) == {"emea"}
        (orgs.directory / "installation.yaml").write_text(f"dagster_url: {address}\n")
        added = orgs("orgs", "add", "apac")
        assert f"Dagster at {address} shows it now." in added.out
        assert jobs(address) == {"apac", "emea"}
        assert orgs("orgs", "rename", "apac", "west").code == 0
        assert jobs(address) == {"emea", "west"}
