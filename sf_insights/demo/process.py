"""Starts the demo org in a child process.

with DemoOrg.started(directory, accounts=500) as org:
    org.environment    # what the pipeline needs to reach it
    org.pass_day()     # a call of its back door
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sf_insights.demo.api.server import HOST, listen, web_server
from sf_insights.demo.back_door import BackDoor, DemoOrgError
from sf_insights.demo.data import credentials
from sf_insights.demo.data.store import OrgShape

# Ample time to generate a million accounts, and to let a day pass in them. Larger orgs have as much for each million.
START_SECONDS = 900
CALL_SECONDS = 600
STOP_SECONDS = 5


class DemoOrg(BackDoor):
    """A running demo org, and what its clients need to reach it."""

    def __init__(self, url: str, directory: Path, accounts: int = 0) -> None:
        super().__init__(url, CALL_SECONDS * _millions(accounts))
        self.directory = directory

    @classmethod
    @contextmanager
    def started(
        cls,
        directory: Path,
        accounts: int = 5000,
        seed: int = 1,
        port: int = 0,
        multi_currency: bool = False,
        organization: str | None = None,
    ) -> Iterator["DemoOrg"]:
        """Start an org in a child process and stop it at the end.

        Args:
            directory: holds the generated org, which is reused if accounts, seed and multi_currency are the same. It
                keeps its changes until `reset`. Only one process at a time may use it.
            accounts: number of live accounts.
            port: 0 picks a free one.
            organization: the org's id of 18 characters; None for that of every demo org.

        Raises:
            DemoOrgError: the process ended before it answered.
        """
        directory.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "sf_insights.demo", str(directory.resolve())]
        command += ["--accounts", str(accounts), "--seed", str(seed), "--port", str(port), "--end-with-stdin"]
        if multi_currency:
            command.append("--multi-currency")
        if organization:
            command += ["--organization", organization]
        package_parent = str(Path(__file__).resolve().parents[2])
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [package_parent, os.getenv("PYTHONPATH")])),
        }
        with subprocess.Popen(  # noqa: S603  # our own interpreter and module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        ) as process:
            try:
                yield cls(_announced(process, START_SECONDS * _millions(accounts)), directory, accounts)
            finally:
                process.terminate()
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that connect the pipeline to this org with client credentials."""
        return {
            "SALESFORCE_ENDPOINT": self.url,
            "SALESFORCE_DOMAIN": credentials.MY_DOMAIN,
            "SALESFORCE_CONSUMER_KEY": credentials.CONSUMER_KEY,
            "SALESFORCE_CONSUMER_SECRET": credentials.CONSUMER_SECRET,
            "ZUORA_BASE_URL": self.url,
            "ZUORA_CLIENT_ID": credentials.ZUORA_CLIENT_ID,
            "ZUORA_CLIENT_SECRET": credentials.ZUORA_CLIENT_SECRET,
        }

    @property
    def writer_environment(self) -> dict[str, str]:
        """The SALESFORCE_* variables of a second app, with its own user who may always write."""
        return {
            "SALESFORCE_ENDPOINT": self.url,
            "SALESFORCE_DOMAIN": credentials.MY_DOMAIN,
            "SALESFORCE_CONSUMER_KEY": credentials.WRITER_CONSUMER_KEY,
            "SALESFORCE_CONSUMER_SECRET": credentials.WRITER_CONSUMER_SECRET,
        }

    @property
    def private_key_file(self) -> Path:
        """The private key for JWT logins."""
        return self.directory / credentials.PRIVATE_KEY_FILE


def _millions(accounts: int) -> float:
    """Return the millions of accounts, at least 1."""
    return max(1, accounts / 1e6)


def serve(
    directory: Path,
    accounts: int = 5000,
    seed: int = 1,
    port: int = 8765,
    multi_currency: bool = False,
    end_with_stdin: bool = False,
) -> None:
    """Serve an org on the loopback address until interrupted; print its address once it accepts connections.

    Args:
        end_with_stdin: also end when standard input closes, as it does when the parent process dies.
    """
    listener = listen(port)
    server = web_server(directory, OrgShape(accounts, seed, multi_currency))
    if end_with_stdin:
        threading.Thread(target=_wait_for_end, daemon=True).start()
    # From here on, the socket queues connections until the server accepts them.
    listener.listen(128)
    print(f"http://{HOST}:{listener.getsockname()[1]}", flush=True)
    server.run(sockets=[listener])


def _wait_for_end() -> None:
    while os.read(sys.stdin.fileno(), 4096):  # not sys.stdin: its lock would block the interpreter's exit
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os._exit(1)  # a long change of a large org must not outlive the parent


def _announced(process: subprocess.Popen[str], seconds: float) -> str:
    """Return the address that the child prints once it listens, within these seconds.

    Raises:
        DemoOrgError: it ended, or printed nothing for too long.
    """
    if process.stdout is None:
        raise DemoOrgError("cannot read the org's address: its process has no standard output")
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        line = process.stdout.readline()
    finally:
        timer.cancel()
    if not line.startswith("http://"):
        raise DemoOrgError(f"the demo org did not start; its process printed {line.strip()!r}, see its errors above")
    return line.strip()
