"""Time commands as a person runs them, from the start of Python to its end, each beside what it cannot do without.

`status` is beside a Python that imports its libraries, and `sync` beside a Dagster job that does nothing.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.org import MeasuredOrg

STEPS = 12  # of a sync, with its asset checks
TIMES = 7
SHORT_TIMES = 21
_CHECKOUT = Path(__file__).resolve().parents[1]
_SF_INSIGHTS = str(Path(sys.executable).with_name("sf-insights"))
_IMPORTS = [sys.executable, "-c", "import click, rich, duckdb"]
_BARE_JOB = [sys.executable, "-m", "benchmarks.bare_job", str(STEPS)]


@dataclass
class Taken:
    """What the runs of one command took: seconds on the clock, and seconds of CPU of all its processes."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def run(self, command: list[str], environment: Mapping[str, str]) -> None:
        """Run the command once more."""
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run(  # noqa: S603  # our own commands
            command, env={**_environment(), **environment}, cwd=_CHECKOUT, check=True, stdout=subprocess.DEVNULL
        )
        self.wall.append(time.monotonic() - began)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    def against(self, base: Taken) -> float:
        """The median ratio of CPU, each run against the base's run in the same turn.

        Other programs on the machine disturb CPU less than the clock, and a drift of its speed disturbs both of a turn.
        """
        return statistics.median(ours / bare for ours, bare in zip(self.cpu, base.cpu, strict=True))

    def beside(self, base: Taken) -> str:
        """Both medians on the clock, and their ratio."""
        ours, bare = statistics.median(self.wall), statistics.median(base.wall)
        return f"CPU; on the clock {ours:.2f} s against {bare:.2f} s, {ours / bare:.2f} x"


@dataclass(frozen=True)
class Starts:
    """What the commands and their bases took, in turns."""

    imports: Taken = field(default_factory=Taken)
    help: Taken = field(default_factory=Taken)
    status: Taken = field(default_factory=Taken)
    bare_job: Taken = field(default_factory=Taken)
    sync: Taken = field(default_factory=Taken)


def _environment() -> dict[str, str]:
    """This environment, in which Python keeps the bytecode of the package as it does by default."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measure_starts(home: Path) -> Starts:
    """Measure them on an org so small that only their start matters; a day passes before each sync."""
    found = Starts()
    with MeasuredOrg.started(home, 100) as org:
        Taken().run([_SF_INSIGHTS, "sync"], org.environment)
        bare = home / "bare-dagster"
        shutil.rmtree(bare, ignore_errors=True)
        bare.mkdir()
        shutil.copy(org.data / "dagster" / "dagster.yaml", bare)
        in_bare = {"DAGSTER_HOME": str(bare)}
        Taken().run(_BARE_JOB, in_bare)  # creates the databases, as the first sync did
        for _ in range(TIMES):
            org.pass_day()
            found.bare_job.run(_BARE_JOB, in_bare)
            found.sync.run([_SF_INSIGHTS, "sync"], org.environment)
        for _ in range(SHORT_TIMES):
            found.imports.run(_IMPORTS, {})
            found.help.run([_SF_INSIGHTS, "--help"], {})
            found.status.run([_SF_INSIGHTS, "status"], org.environment)
    shutil.rmtree(bare)
    return found
