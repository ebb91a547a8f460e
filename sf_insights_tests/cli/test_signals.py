"""Commands that a signal stops, each in its own process."""

import fcntl
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from termios import TIOCSCTTY

import dagster as dg
import pytest

from sf_insights.dagster_instance.home import opened_instance
from sf_insights.definitions import defs
from sf_insights.demo.api.server import listen
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights_tests.cli.conftest import clean_environment
from sf_insights_tests.pipes import output
from sf_insights_tests.soak import some
from sf_insights_tests.waiting import wait_for

READY_SECONDS = 90
[runs_that_died] = defs.sensors or ()


class Running:
    """A command that has reported ready; started with SIGINT ignored, as a background shell does."""

    def __init__(self, command, checkout, ready, **variables):
        environment = clean_environment() | {"PYTHONPATH": str(checkout), "COLUMNS": "80"} | variables
        self.process = subprocess.Popen(
            command, cwd=checkout, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        )  # fmt: skip
        self.said = ""
        timer = threading.Timer(READY_SECONDS, self.process.kill)
        timer.start()
        for line in output(self.process):
            self.said += line
            if ready in line:
                break
        timer.cancel()
        assert ready in self.said, self.said

    def stop(self, number):
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        self.said += output(self.process).read()
        return self.process.wait(30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        output(self.process).close()


def children_of(pid):
    """Return every descendant of a process, by pid."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(pid): int(parent) for pid, parent in (line.split() for line in listed.splitlines())}
    below: set[int] = set()
    new = {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - below
        below |= new
    return below


def status_of(run: dg.DagsterRun, instance: dg.DagsterInstance) -> dg.DagsterRunStatus:
    """The status of a run as it is recorded now."""
    recorded = instance.get_run_by_id(run.run_id)
    assert recorded is not None
    return recorded.status


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_org_prints_its_connection_variables_and_stops_cleanly(checkout, command, number):
    with Running([*command, "org", "--port", "0", "--accounts", "50"], checkout, "Ctrl-C stops it") as org:
        variables = dict(re.findall(r"^export (\w+)=(.+)$", org.said, re.MULTILINE))
        assert variables["SF_INSIGHTS_DATA_DIR"] == str(checkout / "data" / "demo")
        with SalesforceOrg.from_environment(variables) as salesforce:
            assert salesforce.record_count() == 50
        assert org.stop(number) == 0
        assert org.said.rstrip().endswith("The demo org has stopped.")


def test_a_second_org_has_an_id_of_its_own_and_runs_beside_the_first(checkout, command, tmp_path):
    arguments = ["--port", "0", "--accounts", "50"]
    with (
        Running([*command, "org", *arguments], checkout, "Ctrl-C stops it") as first,
        Running([*command, "org", *arguments, "--second", str(tmp_path)], checkout, "Ctrl-C stops it") as second,
    ):
        ids = set()
        for said in (first.said.replace("export ", ""), second.said):
            with SalesforceOrg.from_environment(dict(re.findall(r"^(\w+)=(.+)$", said, re.MULTILINE))) as salesforce:
                ids.add(salesforce.org_id)
        assert len(ids) == 2


def test_org_reports_a_port_in_use(checkout, command):
    with listen(0) as taken:
        taken.listen()
        port = str(taken.getsockname()[1])
        result = run([*command, "org", "--port", port], checkout)
    assert result.returncode == 1
    assert f"Cannot listen on port {port}" in result.stderr
    assert "--port" in result.stderr


def test_only_one_command_at_a_time_uses_the_demos_files(checkout, command):
    with Running([*command, "org", "--port", "0", "--accounts", "50"], checkout, "Ctrl-C stops it"):
        result = run([*command, "demo"], checkout)
    assert result.returncode == 1
    assert "in use by `sf-insights org` (process" in result.stderr


@pytest.mark.slow
def test_ui_serves_dagster_with_the_demo_org_and_leaves_no_process_behind(checkout, command, closed_port):
    with Running([*command, "ui", "--port", str(closed_port)], checkout, "Dagster's UI is ready") as ui:
        assert "No SALESFORCE_* variable is set: this is the demo org, with data in data/demo/." in ui.said
        with urllib.request.urlopen(f"http://127.0.0.1:{closed_port}/server_info", timeout=30) as answer:
            assert b"dagster_version" in answer.read()
        below = children_of(ui.process.pid)
        assert len(below) >= 4  # the demo org, Dagster, its web server, its daemon
        assert ui.stop(signal.SIGTERM) == 0
    deadline = time.monotonic() + 10
    while any(is_alive(pid) for pid in below) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [pid for pid in below if is_alive(pid)] == []


@pytest.mark.soak
def test_ui_and_settings_of_the_demo_run_together_on_one_org(checkout, command, closed_port):
    with listen(0) as free:
        other_port = free.getsockname()[1]
    commands = [
        ([*command, "settings", "--port", str(closed_port)], "pages are ready"),
        ([*command, "ui", "--port", str(other_port)], "Dagster's UI is ready"),
    ]
    with ThreadPoolExecutor() as at_once:
        first, second = at_once.map(lambda started: Running(started[0], checkout, started[1]), commands)
    with first as pages, second as ui:
        shared = [running for running in (pages, ui) if "It was started by `sf-insights" in running.said]
        assert len(shared) == 1
        with urllib.request.urlopen(f"http://127.0.0.1:{closed_port}/fields", timeout=30) as answer:
            assert b"BillingAddress" in answer.read()
        with urllib.request.urlopen(f"http://127.0.0.1:{other_port}/server_info", timeout=30) as answer:
            assert b"dagster_version" in answer.read()
        assert len(orgs_below(pages) | orgs_below(ui)) == 1
        assert shared[0].stop(signal.SIGTERM) == 0
        [owner] = {pages, ui} - set(shared)
        assert len(orgs_below(owner)) == 1
        assert owner.stop(signal.SIGTERM) == 0


def test_settings_uses_a_demo_org_that_already_runs(checkout, command, closed_port):
    with Running([*command, "org", "--port", "0", "--accounts", "50"], checkout, "Ctrl-C stops it") as org:
        with Running([*command, "settings", "--port", str(closed_port)], checkout, "pages are ready") as pages:
            assert f"It was started by `sf-insights org` (process {org.process.pid})" in pages.said
            with urllib.request.urlopen(f"http://127.0.0.1:{closed_port}/fields", timeout=30) as answer:
                assert b"BillingAddress" in answer.read()
            assert pages.stop(signal.SIGTERM) == 0
        assert org.process.poll() is None


def orgs_below(running):
    """Return the demo orgs that a command runs, by pid."""
    listed = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    below = children_of(running.process.pid)
    lines = (line.split(maxsplit=1) for line in listed.splitlines())
    return {int(pid) for pid, arguments in lines if "-m sf_insights.demo" in arguments and int(pid) in below}


@pytest.mark.parametrize("number", some([signal.SIGTERM, signal.SIGHUP], 1))
def test_a_stopped_sync_ends_at_once_and_the_next_one_repairs_it(
    sf_insights, org, dagster_home, checkout, command, number
):
    org.configure(job_seconds=300)
    variables = org.environment | {"SF_INSIGHTS_DATA_DIR": str(sf_insights.data), "DAGSTER_HOME": str(dagster_home)}
    with Running([*command, "sync"], checkout, "Labels", **variables) as sync:
        assert sync.stop(number) == 1
        assert "The run was stopped" in sync.said  # between two steps, or in one
        assert "tried once more" not in sync.said
    assert not sf_insights.snapshot.exists()
    org.configure(job_seconds=0)
    assert sf_insights("sync").code == 0


def test_ui_reports_a_port_in_use(checkout, command):
    with listen(0) as taken:
        taken.listen()
        port = str(taken.getsockname()[1])
        result = run([*command, "ui", "--port", port], checkout)
    assert result.returncode == 1
    assert f"Port {port} is in use" in result.stderr


def run(command, checkout):
    environment = clean_environment() | {"PYTHONPATH": str(checkout)}
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=60)


def test_closing_the_terminal_ends_the_sync_its_dagster_run_and_its_bulk_job(
    sf_insights, org, dagster_home, checkout, command
):
    org.configure(job_seconds=300)
    variables = org.environment | {"SF_INSIGHTS_DATA_DIR": str(sf_insights.data), "DAGSTER_HOME": str(dagster_home)}
    terminal, side = pty.openpty()
    with subprocess.Popen(
        [*command, "sync"], cwd=checkout, env=clean_environment() | {"PYTHONPATH": str(checkout)} | variables,
        stdin=side, stdout=side, stderr=side, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, TIOCSCTTY, 0),
    ) as sync:  # fmt: skip
        try:
            os.close(side)
            wait_for("the bulk job", lambda: [call for call in org.requests() if "/jobs/query/" in call["path"]])
            os.close(terminal)
            assert sync.wait(60) == 1
        finally:
            sync.kill()
    with opened_instance(dagster_home) as instance:
        [run] = instance.get_runs(limit=1)
        assert run.status is dg.DagsterRunStatus.FAILURE
        assert run.tags["sf_insights/ending"] == "passing"
    assert [call["method"] for call in org.requests() if "/jobs/query/" in call["path"]][-1] in ("PATCH", "DELETE")


def test_the_next_sync_marks_a_killed_run_as_failed_but_not_a_live_one(
    sf_insights, org, dagster_home, checkout, command
):
    org.configure(job_seconds=300)
    variables = org.environment | {"SF_INSIGHTS_DATA_DIR": str(sf_insights.data), "DAGSTER_HOME": str(dagster_home)}
    with (
        Running([*command, "sync"], checkout, "Labels", **variables) as first,
        opened_instance(dagster_home) as instance,
    ):
        [killed] = instance.get_runs(limit=1)
        first.process.kill()
        first.process.wait()
        assert status_of(killed, instance) is dg.DagsterRunStatus.STARTED
        with Running([*command, "sync"], checkout, "Labels", **variables) as second:
            [alive] = instance.get_runs(limit=1)
            assert look_for_dead_runs(instance) == "Every unfinished run is alive."
            assert status_of(killed, instance) is dg.DagsterRunStatus.FAILURE
            assert status_of(alive, instance) is dg.DagsterRunStatus.STARTED
            instance.report_run_canceling(alive)
            second.process.kill()
            second.process.wait()
        assert alive.run_id in look_for_dead_runs(instance)
        assert status_of(alive, instance) is dg.DagsterRunStatus.CANCELED
    assert list(sf_insights.data.glob("*.run")) == []


def look_for_dead_runs(instance):
    with dg.build_sensor_context(instance=instance) as context:
        return runs_that_died.evaluate_tick(context).skip_message


UNDER_NOHUP = """
import os, signal
from sf_insights.cli.signals import until_stopped
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with until_stopped():
    os.kill(os.getpid(), signal.SIGHUP)
    print("still there", flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()
"""


def test_a_sync_under_nohup_outlives_its_terminal():
    done = subprocess.run([sys.executable, "-c", UNDER_NOHUP], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "still there\n"
