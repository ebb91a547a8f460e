"""Dagster's web server on a synced installation, for tests and screenshots."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from sf_insights.demo.api.server import listen
from sf_insights.settings.home import CHECKOUT

READY_SECONDS = 90


@contextmanager
def dagster_ui() -> Iterator[str]:
    """Serve the environment's installation, with its DAGSTER_HOME, and yield the URL."""
    with listen(0) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dagster_webserver", "-w", str(CHECKOUT / "workspace.yaml")]
    command += ["-h", "127.0.0.1", "-p", str(port), "--log-level", "error"]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, cwd=os.environ["DAGSTER_HOME"], stdout=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + READY_SECONDS
            while not _answers(f"{address}/server_info"):
                assert server.poll() is None, "Dagster's web server ended by itself"
                assert time.monotonic() < deadline, "Dagster's web server does not answer"
                time.sleep(0.2)
            yield address
        finally:
            server.terminate()
            try:
                server.wait(READY_SECONDS)
            finally:
                server.kill()


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310
    except (urllib.error.URLError, OSError):
        return False
    return True
