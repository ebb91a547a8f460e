"""The pipes of a process that was started with stdin or stdout as a text PIPE."""

import subprocess
from typing import IO


def output(process: subprocess.Popen[str]) -> IO[str]:
    """What the process prints."""
    assert process.stdout is not None
    return process.stdout


def tell(process: subprocess.Popen[str], text: str) -> None:
    """Send a text to the process at once."""
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.flush()
