"""sf-insights ui: run Dagster's web UI and the daemon that starts the daily sync."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import click
from rich.console import Console

from sf_insights.cli.chosen_org import chosen_org
from sf_insights.cli.console import terminal
from sf_insights.cli.failures import fail
from sf_insights.cli.signals import until_stopped
from sf_insights.dagster_instance.home import use_dagster_home
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.orgs.reloading import UI_ADDRESS
from sf_insights.settings.environment import child_environment
from sf_insights.settings.home import shipped, shown_path
from sf_insights.system.durable import write_note

HOST = "127.0.0.1"
_POLL_SECONDS = 0.2
_STOP_SECONDS = 20.0


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port of the UI.")
def ui(port: int) -> None:
    """Serve Dagster's web UI, and run the daily sync on schedule.

    Uses the org of the SALESFORCE_* variables, or the demo org and its own data if none is set. Only this machine can
    reach the UI. Dagster's state is kept in .dagster/ of the home. Stop it with Ctrl-C.
    """
    _refuse_taken(port)
    console = terminal()
    with until_stopped(), chosen_org(console, "ui"):
        home = use_dagster_home()
        console.print(f"Dagster's state is in {shown_path(home)}.", soft_wrap=True)
        _serve(console, port)
    console.print("Stopped.")


def _serve(console: Console, port: int) -> None:
    """Run the server until it ends or is stopped, then end all its processes."""
    # Without -W, Dagster starts by recommending another of its commands.
    command = [sys.executable, "-W", "ignore:Function `dev_command`", "-m", "dagster", "dev"]
    command += ["-w", str(shipped("workspace.yaml"))]
    command += ["-h", HOST, "-p", str(port), "--log-level", "warning"]
    # In its own session, Ctrl-C reaches it only once, through us. With an inherited ignored SIGINT it would ignore
    # SIGTERM. Started in the checkout, it would read .env itself; our settings do that.
    process = subprocess.Popen(  # noqa: S603
        command,
        cwd=os.environ["DAGSTER_HOME"],
        env=child_environment(),
        start_new_session=True,
        preexec_fn=_take_interrupts,
    )
    try:
        is_ready = False
        while process.poll() is None:
            if not is_ready and _answers(port):
                is_ready = True
                write_note(Path(os.environ["DAGSTER_HOME"]) / UI_ADDRESS, f"http://{HOST}:{port}\n")
                console.print(f"Dagster's UI is ready: http://{HOST}:{port} (Ctrl-C stops it)", style="bold")
            time.sleep(_POLL_SECONDS)
        fail(f"Dagster ended by itself with exit code {process.returncode}.", "See its output above.")
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # what remains of its session
    process.wait()


def _take_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _answers(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _refuse_taken(port: int) -> None:
    if _answers(port):
        raise ConfigurationProblem(
            f"Port {port} is in use on this machine.", "Stop the program that uses it, or give another --port."
        )
