"""A measurement in a child process, which prints its figures for the parent."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_CHECKOUT = Path(__file__).resolve().parents[1]
_MARK = "measured: "


def report(**figures: Any) -> None:
    """Print the figures of this process, with its peak memory in MB."""
    # getrusage would include the parent's peak, which a child inherits through fork and exec.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
    peak = int(status["VmHWM"].split()[0]) / 1024
    print(_MARK + json.dumps({**figures, "peak_mb": peak}), flush=True)


def measured(
    module: str, *arguments: str, environment: Mapping[str, str], python: str | Path = sys.executable
) -> dict[str, Any]:
    """Run `python -m module` and return the figures it reported.

    Raises:
        RuntimeError: it failed.
    """
    ended = subprocess.run(  # noqa: S603  # our own interpreter and modules
        [python, "-m", module, *arguments],
        env={**os.environ, **environment},
        cwd=_CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    lines = [line for line in ended.stdout.splitlines() if line.startswith(_MARK)]
    if ended.returncode or not lines:
        raise RuntimeError(f"{module} ended with {ended.returncode}: {ended.stdout[-2000:]}")
    figures: dict[str, Any] = json.loads(lines[-1].removeprefix(_MARK))
    return figures
