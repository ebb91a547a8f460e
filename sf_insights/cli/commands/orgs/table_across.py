"""What the commands say of the installation itself: installation.yaml, and the table across orgs."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from sf_insights.checking.finding import Finding, failed
from sf_insights.cli.console import terminal
from sf_insights.domain.problems import LakeProblem, Problem
from sf_insights.domain.wording import counted, since
from sf_insights.settings.home import INSTALLATION_NAME
from sf_insights.settings.installation import settings_of
from sf_insights.system.clock import now


def table_across_orgs(installation: Path) -> dict[str, Any] | None:
    """Return where the table across orgs is, when it was brought up to date and what is wrong; None without one.

    An invalid installation.yaml is its problem, since then nothing writes the table.
    """
    try:
        publish_to = settings_of(installation).publish_to
    except Problem as problem:
        return {"target": None, "published_at": None, "problem": str(problem)}
    if publish_to is None:
        return None
    from sf_insights.lake.state import read_all_orgs

    state = read_all_orgs(installation)
    return {"target": str(publish_to.address), "published_at": state.published_at, "problem": state.problem}


def show_table(console: Console, table: dict[str, Any]) -> None:
    """Show what `table_across_orgs` returned."""
    if table["target"] is not None:
        age = f"published {since(table['published_at'], now())}" if table["published_at"] else "not published yet"
        console.print(f"\nTable across orgs in {table['target']}: {age}.", soft_wrap=True)
    if table["problem"]:
        behind = "It is behind: " if table["target"] is not None else "\n"
        console.print(f"{behind}{table['problem']}", style="bold red", soft_wrap=True)


def installation_findings(installation: Path) -> list[Finding]:
    """Check installation.yaml and the table across orgs; nothing is written there."""
    try:
        publish_to = settings_of(installation).publish_to
        if publish_to is None:
            return []
        from sf_insights.checking.lake_findings import all_orgs_findings

        return list(all_orgs_findings(publish_to, installation))
    except Problem as problem:
        return [failed("Configuration", INSTALLATION_NAME, problem)]


def publish_table(installation: Path) -> None:
    """Bring the table across orgs up to date now, and say what was written.

    Raises:
        Problem: the table, or an org in it, is not up to date.
    """
    from sf_insights.orgs.across import bring_table_across_orgs

    brought = bring_table_across_orgs(installation)
    said = f"{counted(len(brought.replaced), 'org')} written, {counted(len(brought.removed), 'org')} removed"
    click.echo(f"Published: all_orgs.accounts, {said}.")
    if brought.maintained.warning:
        terminal().print(brought.maintained.warning, style="yellow", soft_wrap=True)
    if brought.problems:
        raise LakeProblem(" ".join(brought.problems.values()))
