"""sf-insights check: would a sync work?"""

import sys
from collections.abc import Iterator
from itertools import groupby

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sf_insights.checking.finding import Finding
from sf_insights.checking.findings import examine
from sf_insights.cli.commands.orgs.every_org import check_all
from sf_insights.cli.console import STATE_STYLES, heading, next_steps, print_json, program, terminal, waiting
from sf_insights.domain.wording import counted
from sf_insights.settings.environment import environment


@click.command()
@click.option("--all", "of_all", is_flag=True, help="Check every org of an installation, one line each.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead, for scripts.")
def check(of_all: bool, as_json: bool) -> None:
    """Check that a sync would work; changes nothing.

    Checks the credentials, permissions and quota, each selected field, the list of Insights accounts, and how many of
    them match. The exit code is 1 when a check failed; warnings do not stop a sync.
    """
    if of_all:
        check_all(as_json=as_json)
        return
    found = _watched(examine(environment()))
    if as_json:
        findings = list(found)
        has_failed = any(finding.state == "failed" for finding in findings)
        print_json({"ok": not has_failed, "findings": [finding.as_json() for finding in findings]})
    else:
        console = terminal()
        findings = []
        for group, members in groupby(found, key=lambda finding: finding.group):
            heading(console, group)
            for finding in members:
                findings.append(finding)
                _print(console, finding)
        has_failed = any(finding.state == "failed" for finding in findings)
        _conclude(console, findings)
    if has_failed:
        sys.exit(1)


def _watched(found: Iterator[Finding]) -> Iterator[Finding]:
    """Yield the findings; show a spinner on a terminal while waiting for the next."""
    while True:
        with waiting("checking"):
            finding = next(found, None)
        if finding is None:
            return
        yield finding


def _print(console: Console, finding: Finding) -> None:
    row = Table.grid(padding=(0, 2, 0, 0))
    row.add_column(width=7)
    row.add_column(width=max(20, len(finding.subject)))
    row.add_column()
    detail = Text(finding.detail)
    if finding.remedy:
        detail.append(f"\n{finding.remedy}", style="italic")
    row.add_row(Text(finding.state, style=STATE_STYLES[finding.state]), Text(finding.subject), detail)
    console.print(row)


def _conclude(console: Console, findings: list[Finding]) -> None:
    counts = {state: sum(finding.state == state for finding in findings) for state in ("failed", "warning")}
    if counts["failed"]:
        steps = [("Fix what failed, then check again:", f"{program()} check")]
    else:
        steps = [("A sync has everything it needs. Run it:", f"{program()} sync")]
    console.print()
    told = [f"{counts['failed']} failed"] if counts["failed"] else []
    told += [counted(counts["warning"], "warning")] if counts["warning"] else []
    console.print(", ".join(told) if told else f"All {len(findings)} checks passed.", style="bold")
    next_steps(console, steps)
