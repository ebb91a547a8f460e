"""A night of many orgs: each is one process with its own home, one after the other or several at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.child import measured
from benchmarks.org import MeasuredOrg
from sf_insights.demo.process import DemoOrg


@dataclass(frozen=True)
class Night:
    """What a night took: its seconds, the peaks of its runs in MB, and how many ran at once."""

    seconds: float
    peaks: tuple[float, ...]
    at_once: int

    @property
    def peak_mb(self) -> float:
        """The memory of the largest runs that can have met."""
        return sum(sorted(self.peaks)[-self.at_once :])


@contextmanager
def many_orgs(home: Path, orgs: int, accounts: int) -> Iterator[list[MeasuredOrg]]:
    """Start demo orgs of different data, each with a home of its own; reuse those generated before."""
    with ExitStack() as stack:
        started = []
        for number in range(1, orgs + 1):
            directory = home / f"org{number:02}"
            org = stack.enter_context(DemoOrg.started(directory / "server", accounts=accounts, seed=number))
            org.reset()
            started.append(MeasuredOrg(org, directory))
        yield started


def night(orgs: list[MeasuredOrg], shared: Path, at_once: int, say: Callable[[str], None]) -> Night:
    """Let a day pass in every org, then sync all of them with `at_once` processes, and Dagster's state in one place."""
    for org in orgs:
        org.pass_day()

    def sync(org: MeasuredOrg) -> dict[str, Any]:
        return measured("benchmarks.sync", environment=org.environment | {"DAGSTER_HOME": str(shared)})

    began = time.monotonic()
    with ThreadPoolExecutor(at_once) as pool:
        peaks = tuple(run["peak_mb"] for run in pool.map(sync, orgs))
    found = Night(time.monotonic() - began, peaks, at_once)
    say(f"{len(orgs)} orgs, {at_once} at once: {found.seconds:.1f} s, {found.peak_mb:.0f} MB")
    return found
