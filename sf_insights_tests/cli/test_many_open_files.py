"""Processes with more open files than select() can wait for."""

import os
import subprocess
import sys

OPENING = """
import os, resource
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (4096 if most == resource.RLIM_INFINITY else min(most, 4096), most))
kept = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
from sf_insights.cli import main
main(["sync"])
"""


def test_a_sync_waits_for_salesforce_with_1100_files_open(sf_insights, org):
    org.configure(job_seconds=1)
    done = subprocess.run(
        [sys.executable, "-c", OPENING], env=os.environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert sf_insights.labels()["Industry"] == "Sssf Industry"
