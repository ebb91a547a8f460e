"""Serves a demo org until it is stopped: python -m sf_insights.demo DIRECTORY [--accounts N] [--seed N] [--port N]."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from sf_insights.demo.server import HOST, listen, web_server
from sf_insights.demo.store import OrgShape


def serve(
    directory: Path,
    accounts: int = 5000,
    seed: int = 1,
    port: int = 8765,
    multi_currency: bool = False,
    end_with_stdin: bool = False,
) -> None:
    """Serve an org on the loopback address until interrupted; its address is printed once it answers.

    Args:
        end_with_stdin: also end when standard input is closed, which the death of the parent process does.
    """
    listener = listen(port)
    server = web_server(directory, OrgShape(accounts, seed, multi_currency))
    if end_with_stdin:
        threading.Thread(target=_wait_for_end, daemon=True).start()
    # The socket queues connections from here on, and the server is about to take them.
    listener.listen(128)
    print(f"http://{HOST}:{listener.getsockname()[1]}", flush=True)
    server.run(sockets=[listener])


def _wait_for_end() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m sf_insights.demo", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--accounts", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--multi-currency", action="store_true")
    parser.add_argument("--end-with-stdin", action="store_true")
    options = parser.parse_args()
    serve(
        options.directory,
        options.accounts,
        options.seed,
        options.port,
        options.multi_currency,
        options.end_with_stdin,
    )


if __name__ == "__main__":
    main()
