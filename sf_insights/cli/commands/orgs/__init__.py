"""sf-insights orgs: add, list, rename, pause, resume and remove the orgs of an installation of many."""

import os
import shlex
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from sf_insights.cli.commands.orgs.table_across import publish_table
from sf_insights.cli.console import next_steps, one_line, print_json, program, table, terminal
from sf_insights.cli.home_option import directory_option
from sf_insights.dagster_instance.home import use_dagster_home
from sf_insights.domain.problems import ConfigurationProblem, Problem
from sf_insights.orgs import changing
from sf_insights.orgs.reloading import reload_location
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import Places, variables_of
from sf_insights.settings.home import Home, org_of, shown_path
from sf_insights.settings.installation import Org, orgs_of, settings_of
from sf_insights.settings.salesforce_orgs import recorded_org


@click.group()
def orgs() -> None:
    """Add, list, rename, pause, resume and remove the orgs of an installation.

    An installation has a home per org in orgs/NAME, and Dagster syncs each at its own time. Changes need no restart.
    """


@orgs.command()
@click.argument("name")
def add(name: str) -> None:
    """Make the home of a new org, paused until its credentials are there.

    NAME begins with a letter and has only a-z, 0-9 and _. The first org makes this directory an installation.
    """
    installation = changing.installation_to_be(os.environ)
    is_first = not Home(installation).has_orgs
    home = changing.add_org(installation, name)
    console = terminal()
    console.print(f"Added {name}: {shown_path(home.directory)}. It is paused.", style="bold", soft_wrap=True)
    if is_first:
        console.print(f"{installation} is an installation of many orgs now.", soft_wrap=True)
    _tell_dagster(console, installation, is_new=is_first)
    next_steps(
        console,
        [
            ("Fill in the credentials of Salesforce and Zuora:", shown_path(home.env_file)),
            ("See whether they work:", f"{program()} check --org {name}"),
            ("Choose fields, there or on the settings pages:", shown_path(home.configuration)),
            ("Sync it every day from now on:", f"{program()} orgs resume {name}"),
        ],
    )


@orgs.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead, for scripts.")
def list_orgs(as_json: bool) -> None:
    """List the orgs, when each syncs, and which Salesforce org it reads."""
    installation = _installation()
    found = [_row(org) for org in orgs_of(installation)]
    if as_json:
        print_json(found)
        return
    console = terminal()
    try:
        settings_of(installation)
    except ConfigurationProblem as problem:
        console.print(str(problem), style="bold red", soft_wrap=True)
    if not found:
        console.print("There are no orgs yet.")
        next_steps(console, [("Add one:", f"{program()} orgs add NAME")])
        return
    shown = table("Org", "State", "Daily at", "Salesforce org", "Note")
    for row in found:
        style = "yellow" if row["trouble"] else None
        daily = f"{row['daily_at']} {row['timezone']}" if row["daily_at"] else "–"
        note = one_line(row["trouble"] or "", 120)
        shown.add_row(row["org"], row["state"], daily, row["salesforce_org"] or "–", note, style=style)
    console.print(shown)


@orgs.command()
def publish() -> None:
    """Bring the table across orgs up to date now.

    Writes all_orgs.accounts in the lake of installation.yaml from what each org published. Dagster does so once a day.
    """
    publish_table(_installation())


@orgs.command()
@click.argument("old")
@click.argument("new")
def rename(old: str, new: str) -> None:
    """Rename an org.

    Its settings, data, backups and lake stay with it. Dagster keeps the runs until now under the old name.
    """
    installation = _installation()
    home, schema = changing.rename_org(installation, old, new)
    console = terminal()
    console.print(f"{old} is {new} now: {shown_path(home.directory)}.", style="bold", soft_wrap=True)
    if schema:
        console.print(f"Its lake stays in the schema {schema}, which its settings name now.", soft_wrap=True)
    _tell_dagster(console, installation)


@orgs.command()
@click.argument("name")
def pause(name: str) -> None:
    """Stop the scheduled syncs of an org, until `resume`."""
    changing.switch_org(org_of(Home(_installation()), name), is_on=False)
    terminal().print(f"{name} is paused. A run that has begun goes on to its end.")


@orgs.command()
@click.argument("name")
def resume(name: str) -> None:
    """Sync a paused org on its schedule again."""
    changing.switch_org(org_of(Home(_installation()), name), is_on=True)
    terminal().print(f"{name} is synced on its schedule again.")


@orgs.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Take an org out of the installation; its home is moved aside, and nothing is deleted."""
    installation = _installation()
    home = org_of(Home(installation), name)
    if not yes:
        click.confirm(
            f"Stop syncing {name}, and move {shown_path(home.directory)} to {changing.REMOVED}/?", abort=True, err=True
        )
    target = changing.remove_org(installation, name)
    console = terminal()
    console.print(f"Removed {name}. Its settings and data are in {shown_path(target)}.", style="bold", soft_wrap=True)
    _tell_dagster(console, installation)
    back = f"mv {shlex.quote(shown_path(target))} {shlex.quote(shown_path(home.directory))}"
    next_steps(console, [("Bring it back, or delete that directory when nobody needs it:", back)])


def _installation() -> Path:
    return changing.installation_in(os.environ)


def _tell_dagster(console: Console, installation: Path, *, is_new: bool = False) -> None:
    """Let Dagster's web server load the orgs again, and say what Dagster does now. The change itself is done."""
    address = None
    try:
        use_dagster_home()  # its dagster.yaml limits the runs
        address = None if is_new else reload_location(installation, os.environ)
    except ConfigurationProblem as problem:
        console.print(str(problem), style="yellow", soft_wrap=True)
    if is_new:
        return
    if address:
        console.print(f"Dagster at {address} shows it now.", soft_wrap=True)
    else:
        console.print("No web server of Dagster answers. A daemon that runs notices within a minute.")


def _row(org: Org) -> dict[str, Any]:
    row: dict[str, Any] = {
        "org": org.name,
        "state": "unusable",
        "daily_at": None,
        "timezone": None,
        "salesforce_org": recorded_org(org.home),
        "home": str(org.home.directory),
        "trouble": None,
    }
    try:
        if org.trouble is not None:
            raise org.trouble
        configuration = load_configuration(Places.from_environment(variables_of(org.home.directory)).configuration)
    except Problem as problem:
        return row | {"trouble": str(problem)}
    state = "on" if configuration.enabled else "paused"
    return row | {"state": state, "daily_at": str(configuration.daily_at), "timezone": configuration.timezone}


for command in (add, list_orgs, publish, rename, pause, resume, remove):
    command.params.append(directory_option())
