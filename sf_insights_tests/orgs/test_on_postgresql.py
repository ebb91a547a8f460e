"""Several orgs with Dagster's state in PostgreSQL, by the files of deploy/postgres; two of them fail."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import dagster as dg
import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights.settings.home import CHECKOUT
from sf_insights.warehouse.warehouse import Warehouse
from sf_insights_tests.lake.conftest import running_server
from sf_insights_tests.lake.database_server import PASSWORD
from sf_insights_tests.orgs import daemon_of_many
from sf_insights_tests.orgs.conftest import SETTINGS
from sf_insights_tests.orgs.test_daemon import DUE, FAILURE, SUCCESS, accounts
from sf_insights_tests.soak import some
from sf_insights_tests.waiting import wait_for

__all__ = ["running_server"]
pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
FILES = CHECKOUT / "deploy" / "postgres"
DATABASE = "dagster"
ENDED = {SUCCESS, FAILURE}
BUSY = [{"errorCode": "SERVER_UNAVAILABLE", "message": "Server too busy"}]
WELL, KILLED, REFUSED = some(("emea", "apac", "north"), 1), "south", "west"


@pytest.fixture
def storage(running_server, monkeypatch):
    """The variables of the instance file, and its database."""
    server = running_server
    server.run("postgres", f"DROP DATABASE IF EXISTS {DATABASE}", f"CREATE DATABASE {DATABASE}")
    named = {
        "HOST": "127.0.0.1",
        "PORT": str(server.port),
        "DB": DATABASE,
        "USER": "administrator",
        "PASSWORD": PASSWORD,
    }
    for name, value in (named | {"USER": "administrator"}).items():
        monkeypatch.setenv(f"DAGSTER_POSTGRES_{name}", value)
    return server


@pytest.fixture
def demo_orgs(tmp_path):
    """A demo org with its own id for each org of the installation that can log in."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                DemoOrg.started(tmp_path / name, accounts=40 + number, organization=f"00DDm000000000{number}MAA")
            )
            for number, name in enumerate((*WELL, KILLED), start=3)
        }


@pytest.fixture
def instance(orgs, storage, tmp_path):
    """Dagster's state, as deploy/postgres/dagster.yaml keeps it."""
    home = tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text((FILES / "dagster.yaml").read_text())
    with dg.DagsterInstance.from_config(str(home)) as opened:
        yield opened


@contextmanager
def processes(orgs, instance):
    """Run a code server and a daemon that finds it by deploy/postgres/workspace.yaml; kill all of them at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    workspace = orgs.directory / "workspace.yaml"
    text = (FILES / "workspace.yaml").read_text()
    workspace.write_text(text.replace("host: code", "host: 127.0.0.1").replace("port: 4000", f"port: {port}"))
    environment = os.environ | {"DAGSTER_HOME": instance.root_directory, "PYTHONPATH": str(CHECKOUT)}
    server = f"code-server start -h 127.0.0.1 -p {port} -m sf_insights.definitions".split()
    code = [str(BIN / "dagster"), *server]
    daemon = [sys.executable, daemon_of_many.__file__, str(time.time()), "run", "-w", str(workspace)]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for command in (code, daemon):
            started.append(
                subprocess.Popen(
                    command, cwd=orgs.directory, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
                )
            )
            if command is code:
                wait_for("the code server", lambda: is_open(port))
        yield
    finally:
        for process in started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_an_org_that_fails_or_is_killed_leaves_the_others(orgs, demo_orgs, instance, monkeypatch):
    monkeypatch.delenv("SF_INSIGHTS_TODAY")
    for name, org in demo_orgs.items():
        orgs.add(name, org).configuration.write_text(DUE + "retry_for: 2h\n" + SETTINGS)
    wrong = {"SALESFORCE_CONSUMER_SECRET": "wrong"}
    orgs.add(REFUSED, demo_orgs["emea"], **wrong).configuration.write_text(DUE + SETTINGS)
    demo_orgs[KILLED].fault("status", path="/describe", status=503, body=BUSY, times=None)
    with processes(orgs, instance):

        def states():
            return {run.job_name.partition("__")[0]: run.status for run in instance.get_runs()}

        running = wait_for("the run that waits", Warehouse(orgs.home(KILLED).data / "warehouse.duckdb").holder)
        pid = int(running.partition("process ")[2].partition(")")[0])
        wait_for("the other runs", lambda: {states().get(name) for name in WELL} <= ENDED)
        assert {name: states()[name] for name in WELL} == dict.fromkeys(WELL, SUCCESS)
        os.kill(pid, signal.SIGKILL)
        wait_for("Dagster to notice", lambda: states()[KILLED] == FAILURE)
        wait_for("the refused run", lambda: states().get(REFUSED) == FAILURE)
        assert states() == dict.fromkeys(WELL, SUCCESS) | {KILLED: FAILURE, REFUSED: FAILURE}
    for name in WELL:
        assert accounts(orgs.home(name)) == [(demo_orgs[name].state()["accounts"],)]
    assert not orgs.home(KILLED).data.joinpath("account_insights.duckdb").exists()
    monkeypatch.setenv("DAGSTER_HOME", instance.root_directory)
    told = orgs("status", "--all", "--json")
    assert told.code == 1
    assert {row["org"]: row["state"] == "well" for row in told.json["orgs"]} == dict.fromkeys(WELL, True) | {
        KILLED: False,
        REFUSED: False,
    }


def test_runs_and_their_events_are_in_postgresql(orgs, org, instance, storage, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", instance.root_directory)
    orgs.add("emea", org)
    assert orgs("sync", "--org", "emea").code == 0
    [(job, status)] = storage.run(DATABASE, "SELECT pipeline_name, status FROM runs")
    assert (job, status) == ("emea__daily_account_field_sync", "SUCCESS")
    [(events,)] = storage.run(DATABASE, "SELECT count(*) FROM event_logs")
    assert events > 50
    assert not list(Path(instance.root_directory).rglob("*.db"))
