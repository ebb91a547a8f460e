"""`make bench`: measure a first sync and daily ones against the floor, and report a table and JSON.

Speeds are ratios of two measurements from the same run on the same machine; absolute seconds are shown beside them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import rivals
from benchmarks.child import measured
from benchmarks.history_org import HistoryOrg
from benchmarks.many_orgs import many_orgs, night
from benchmarks.org import MeasuredOrg
from benchmarks.outbound_floor import keep_last
from benchmarks.outbound_org import OutboundOrg
from benchmarks.selection import ATTRIBUTES, NEW_TEXTS
from benchmarks.start import STEPS, measure_starts
from sf_insights.settings.home import CHECKOUT

_MB = 1e6
_ACCOUNTS_OF_BOUNDS = 1_000_000


@dataclass(frozen=True)
class Row:
    """One row of the table; `bound` is the promised maximum, None if there is none."""

    what: str
    measured: float
    unit: str
    bound: float | None = None
    detail: str = ""

    @property
    def is_over(self) -> bool:
        return self.bound is not None and self.measured > self.bound


def main() -> None:
    """Run the requested measurements and print them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=30, help="number of daily syncs, to measure how the file grows")
    parser.add_argument("--larger", type=int, default=3, help="factor of accounts of a larger org; 0 skips it")
    parser.add_argument("--orgs", type=int, default=20, help="number of orgs of 50,000 accounts in a night; 0 skips it")
    parser.add_argument("--rivals", type=int, default=200_000, help="number of accounts for other tools; 0 skips them")
    parser.add_argument(
        "--home", type=Path, default=CHECKOUT / "data" / "bench", help="directory of the generated orgs"
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    options.home.mkdir(parents=True, exist_ok=True)
    console = Console()

    rows, smaller = _measure_one_org(options.home, options.accounts, options.days, console.log)
    if options.larger:
        rows += _measure_larger_org(options.home, options.accounts, options.larger, smaller, console.log)
    rows += _measure_outbound(options.home, options.accounts, console.log)
    rows += _measure_history(options.home, options.accounts, console.log)
    if options.orgs:
        rows += _measure_many_orgs(options.home, options.orgs, console.log)
    rows += _measure_start(options.home)
    rows.append(_measure_ids())
    if options.rivals:
        rows += _measure_rivals(options.home, options.rivals, console.log)

    console.print(_table(rows))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")
    missed = [row.what for row in rows if row.is_over]
    if options.accounts != _ACCOUNTS_OF_BOUNDS:
        console.print(f"The bounds apply only to {_ACCOUNTS_OF_BOUNDS:,} accounts.")
    elif missed:
        sys.exit(f"Over the bound: {', '.join(missed)}.")


def _measure_many_orgs(home: Path, orgs: int, say: Callable[[str], None]) -> list[Row]:
    place, accounts, at_once = home / "many", 50_000, 2
    with many_orgs(place, orgs, accounts) as started:
        night(started, place / "dagster", at_once, say)  # the first syncs
        alone = night(started, place / "dagster", 1, say)
        together = night(started, place / "dagster", at_once, say)
    what = f"a night of {orgs} orgs of {accounts:,} accounts"
    return [
        Row(f"{what}, one after the other", alone.seconds, "s", detail=f"peak {alone.peak_mb:.0f} MB"),
        Row(f"{what}, {at_once} at once, against that", together.seconds / alone.seconds, "x"),
        Row(f"{what}, {at_once} at once: peak memory", together.peak_mb, "MB"),
    ]


def _measure_outbound(home: Path, records: int, say: Callable[[str], None]) -> list[Row]:
    fixed = _fixed_outbound(home)
    with OutboundOrg.started(home, records) as org:
        measured("benchmarks.sync", environment=org.environment)
        first = measured("benchmarks.outbound", "accept", environment=org.environment)
        say(f"outbound, first run {first['seconds']:.1f} s")
        nothing = [_send(org) for _ in range(3)]
        floors, changed = [], []
        for _ in range(3):
            keep_last(org.data, home / "outbound-floor")
            org.change_values()
            measured("benchmarks.sync", environment=org.environment)
            floors.append(_outbound_floor(org, home))
            org.put_back()
            changed.append(_send(org))
            say(f"outbound, floor {floors[-1]:.1f} s, 1 % changed {changed[-1]['seconds']:.1f} s")
    shutil.rmtree(home / "outbound-floor")
    floor = statistics.median(floors)
    seconds = statistics.median(run["seconds"] for run in changed)
    idle = statistics.median(run["seconds"] for run in nothing)
    return [
        Row("outbound run of 100 records, nothing changed: the fixed cost", fixed, "s"),
        Row("outbound floor: compare, write one CSV, send it by one job", floor, "s", detail=_range(floors)),
        Row(
            "outbound, 1 % changed, against that floor",
            seconds / floor,
            "x",
            2,
            _range(run["seconds"] for run in changed),
        ),
        Row("outbound, nothing changed, beyond the fixed cost", idle - fixed, "s", 3),
        Row("peak memory of an outbound run", max(run["peak_mb"] for run in [first, *nothing, *changed]), "MB", 1000),
    ]


def _measure_history(home: Path, accounts: int, say: Callable[[str], None]) -> list[Row]:
    """Compare a backfill with streaming and parsing the same CSV files: the changes, and when accounts were created."""
    with HistoryOrg.started(home, accounts) as org:
        measured("benchmarks.sync", environment=org.environment)
        floors = []
        for name, soql, columns in org.queries():
            directory = home / f"history-floor-{name}"
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir()
            types = json.dumps(columns)
            floors.append(measured("benchmarks.floor", str(directory), soql, types, environment=org.environment))
            shutil.rmtree(directory)
        floor = sum(one["seconds"] for one in floors)
        say(f"history, {floors[0]['records']:,} changes, floor {floor:.1f} s")
        run = measured("benchmarks.history", environment=org.environment)
        say(f"backfill {_brief(run)}")
    return [
        Row("history floor: CSV to disk, one read_csv", floor, "s", detail=f"{floors[0]['records']:,} changes"),
        Row("backfill against that floor", run["seconds"] / floor, "x", 3, f"{run['seconds']:.1f} s"),
        Row("peak memory of a backfill", run["peak_mb"], "MB", 1000),
    ]


def _fixed_outbound(home: Path) -> float:
    """Return the seconds of an outbound run with nothing to do, on an org so small that only the steps matter."""
    with OutboundOrg.started(home, 100) as org:
        measured("benchmarks.sync", environment=org.environment)
        measured("benchmarks.outbound", "accept", environment=org.environment)
        return float(statistics.median(_send(org)["seconds"] for _ in range(3)))


def _outbound_floor(org: OutboundOrg, home: Path) -> float:
    directory = str(home / "outbound-floor")
    return float(measured("benchmarks.outbound_floor", directory, environment=org.environment)["seconds"])


def _send(org: OutboundOrg) -> dict[str, Any]:
    return measured("benchmarks.outbound", "send", environment=org.environment)


def _measure_one_org(
    home: Path, accounts: int, days: int, say: Callable[[str], None]
) -> tuple[list[Row], tuple[dict[str, Any], dict[str, Any]]]:
    """Return the rows, and the seconds and the peak memory of a first and of an everyday sync."""
    with MeasuredOrg.started(home, accounts) as org:
        say(f"{accounts:,} accounts, {len(org.columns)} columns")
        floors = [_floor(org, home)]
        org.api_calls()  # do not count the floor's calls
        first = _sync(org)
        api_calls = org.api_calls()
        floors.append(_floor(org, home))
        say(f"floor {_range(floor['seconds'] for floor in floors)}, first sync {_brief(first)}")
        everyday, sizes = [], []
        for day in range(1, days + 1):
            org.pass_day()
            everyday.append(_sync(org))
            sizes.append((org.data / "warehouse.duckdb").stat().st_size / _MB)
            say(f"day {day}: {_brief(everyday[-1])}, a file of {sizes[-1]:.0f} MB")
            if day <= 3:
                floors.append(_floor(org, home))
        pages = measured("benchmarks.pages", environment=org.environment)
        snapshot = str(org.data / "account_insights.duckdb")
        timeline = measured("benchmarks.timeline", snapshot, environment=org.environment)["seconds"]
        org.select(ATTRIBUTES[:-1])
        org.pass_day()
        _sync(org)
        org.select(ATTRIBUTES)
        org.pass_day()
        selected = _sync(org)
        say(f"one attribute more: {_brief(selected)}")
        lake = measured("benchmarks.lake", snapshot, str(home / "lake"), str(days), environment=org.environment)
        org.select([*ATTRIBUTES, *NEW_TEXTS])
        org.pass_day()
        new_texts = _sync(org)
        say(f"{len(NEW_TEXTS)} new text attributes: {_brief(new_texts)}")
    floor = statistics.median(floor["seconds"] for floor in floors)
    daily = statistics.median(day["seconds"] for day in everyday)
    landing = first["steps"]["salesforce__raw_accounts"]
    every_peak = [day["peak_mb"] for day in (first, *everyday, selected)]
    rows = [
        Row("floor: CSV to disk, one read_csv", floor, "s", detail=_range(floor["seconds"] for floor in floors)),
        Row("landing against the floor", landing / floor, "x", 1.3, f"{landing:.1f} s"),
        Row("first sync against the floor", first["seconds"] / floor, "x", 2.5, f"{first['seconds']:.1f} s"),
        Row(
            "daily sync against the floor",
            daily / floor,
            "x",
            1.3,
            _range(day["seconds"] for day in everyday),
        ),
        Row(
            "a sync with one attribute more, against the floor",
            selected["seconds"] / floor,
            "x",
            2.5,
            f"{selected['seconds']:.1f} s",
        ),
        Row(
            f"a sync with {len(NEW_TEXTS)} new text attributes, against the floor",
            new_texts["seconds"] / floor,
            "x",
            detail=f"{new_texts['seconds']:.1f} s",
        ),
        Row("peak memory of a sync", max(every_peak), "MB", 700),
        Row(f"peak memory of a sync with {len(NEW_TEXTS)} new text attributes", new_texts["peak_mb"], "MB", 1000),
        Row(f"warehouse after {days} days against one day", sizes[-1] / sizes[0], "x", 1.3, f"{sizes[-1]:.0f} MB"),
        Row("Salesforce API calls", api_calls, "", 40),
        *_pages(pages),
        Row("the timeline of one account", timeline, "s", 0.3),
        *_lake(lake, days, daily),
    ]
    peak = max(day["peak_mb"] for day in everyday)
    return rows, (first, {"seconds": daily, "peak_mb": peak})


def _lake(figures: dict[str, Any], days: int, sync: float) -> list[Row]:
    """Return the rows of the lake; none where PostgreSQL is not installed. `sync` is the time of an everyday sync."""
    if figures["skipped"]:
        return []
    copy, daily, first = figures["copy"], figures["daily"], figures["first"]
    return [
        Row("lake: a day with 1 % changed, against copying the file", daily / copy, "x", detail=f"{daily:.1f} s"),
        Row("lake: a day with 1 % changed, against the sync of that day", daily / sync, "x", 1),
        Row("lake: the first publication, against copying the file", first / copy, "x", detail=f"{first:.1f} s"),
        Row(
            f"lake: bytes after {days} days against the first publication",
            figures["growth"],
            "x",
            detail=f"{figures['megabytes']:.0f} MB in {figures['files']:,} files",
        ),
        Row("lake: first answer to the slowest of 4 readers", figures["attach"], "s"),
        Row("lake: each further answer, with 4 readers", figures["query"], "s"),
    ]


def _pages(figures: dict[str, Any]) -> list[Row]:
    """Return the times of pages; an empty page is the same work without reading the snapshot."""
    detail = f"an empty page takes {figures['empty']:.2f} s"
    return [
        Row("page: search for accounts, beyond an empty page", figures["search"], "s", 0.3, detail),
        Row("page: a matched account", figures["account"], "s", 0.3),
        Row("page: an unmatched account with its candidates", figures["unmatched_account"], "s", 0.3),
        Row("page: accounts without a match, with candidates", figures["unmatched"], "s"),
        Row("page: what changed on the last days", figures["changes"], "s"),
    ]


def _measure_rivals(home: Path, accounts: int, say: Callable[[str], None]) -> list[Row]:
    """Compare other tools, which load only one table, with our whole first sync."""
    python = rivals.installed(home)
    if python is None:
        say("skipped the other tools: they cannot be installed here")
        return []
    with MeasuredOrg.started(home, accounts) as org:
        ours = _sync(org)
        taken = {rival: rivals.run(rival, org, home, python) for rival in rivals.RIVALS}
    say(f"{accounts:,} accounts: our first sync {_brief(ours)}")
    return [
        Row(
            f"{rival}, {accounts:,} accounts, against our first sync",
            figures["seconds"] / ours["seconds"],
            "x",
            detail=f"{figures['seconds']:.1f} s and {figures['peak_mb']:.0f} MB; ours {ours['seconds']:.1f} s",
        )
        for rival, figures in taken.items()
    ]


def _measure_larger_org(
    home: Path, accounts: int, times: int, smaller: Sequence[dict[str, Any]], say: Callable[[str], None]
) -> list[Row]:
    """Measure an org with that many times as many accounts, against the first and everyday syncs of `smaller`."""
    with MeasuredOrg.started(home, accounts * times) as org:
        first = _sync(org)
        say(f"{accounts * times:,} accounts, first sync {_brief(first)}")
        org.pass_day()
        everyday = _sync(org)
        say(f"everyday sync {_brief(everyday)}")
    what, most = f"{times} times as many accounts", times * 1.1
    peak = max(first["peak_mb"], everyday["peak_mb"])
    smaller_peak = max(run["peak_mb"] for run in smaller)
    return [
        Row(
            f"{what}: {name}, against that of {accounts:,}",
            run["seconds"] / before["seconds"],
            "x",
            most,
            f"{run['seconds']:.1f} s",
        )
        for name, run, before in zip(("first sync", "daily sync"), (first, everyday), smaller, strict=True)
    ] + [Row(f"{what}: peak memory, against that of {accounts:,}", peak / smaller_peak, "x", 1.2, f"{peak:.0f} MB")]


def _measure_start(home: Path) -> list[Row]:
    """Measure whole commands, in which a person waits mostly for imports and for Dagster."""
    found = measure_starts(home)
    imports, bare = found.imports, found.bare_job
    longer = max((found.help, found.status), key=lambda taken: taken.against(imports))
    return [
        Row("`sf-insights sync` on 100 accounts", statistics.median(found.sync.wall), "s", 6, _range(found.sync.wall)),
        Row(
            "`sf-insights --help`, `status`, against importing click, rich and duckdb",
            longer.against(imports),
            "x",
            2,
            longer.beside(imports),
        ),
        Row(
            f"`sf-insights sync` on 100 accounts, against a bare Dagster job of {STEPS} assets",
            found.sync.against(bare),
            "x",
            1.5,
            found.sync.beside(bare),
        ),
    ]


def _measure_ids() -> Row:
    taken = min(measured("benchmarks.ids", environment={})["seconds"] for _ in range(3))
    return Row("CRM Account IDs of a million accounts", taken, "s", 1)


def _sync(org: MeasuredOrg) -> dict[str, Any]:
    return measured("benchmarks.sync", environment=org.environment)


def _floor(org: MeasuredOrg, home: Path) -> dict[str, Any]:
    directory = home / "floor"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    types = json.dumps({name: column.sql for name, column in org.columns.items()})
    try:
        return measured("benchmarks.floor", str(directory), org.soql, types, environment=org.environment)
    finally:
        shutil.rmtree(directory)


def _brief(sync: dict[str, Any]) -> str:
    longest = sorted(sync["steps"], key=sync["steps"].get, reverse=True)[:4]
    steps = ", ".join(f"{step} {sync['steps'][step]:.1f}" for step in longest)
    return f"{sync['seconds']:.1f} s ({steps}), {sync['peak_mb']:.0f} MB"


def _range(values: Any) -> str:
    seconds = sorted(values)
    return f"{seconds[0]:.1f} to {seconds[-1]:.1f} s, n={len(seconds)}"


def _table(rows: list[Row]) -> Table:
    table = Table("", "measured", "at most", "")
    for row in rows:
        bound = "" if row.bound is None else f"{row.bound:g} {row.unit}"
        figure = f"{row.measured:.2f}" if row.unit in ("x", "s") else f"{row.measured:,.0f}"
        table.add_row(row.what, f"{figure} {row.unit}", bound, row.detail, style="red" if row.is_over else "")
    return table


if __name__ == "__main__":
    main()
