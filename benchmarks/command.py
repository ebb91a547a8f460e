"""Time `sf-insights sync` as a person runs it, including its start-up."""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.child import report

if __name__ == "__main__":
    began = time.monotonic()
    subprocess.run([Path(sys.executable).with_name("sf-insights"), "sync"], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    report(seconds=time.monotonic() - began)
