"""sf-insights backup, restore and publish: recover from a lost or damaged file."""

from pathlib import Path

import click

from sf_insights.cli.commands.sync import end_when_failed
from sf_insights.cli.console import next_steps, program, terminal
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.runs import run_publishing
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import Places, environment
from sf_insights.settings.home import shown_path
from sf_insights.warehouse.backups import back_up
from sf_insights.warehouse.backups import restore as restore_warehouse
from sf_insights.warehouse.warehouse import Warehouse

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
def backup(file: Path) -> None:
    """Write a copy of the warehouse to FILE.

    Waits for a running sync. The copy holds every table, history and label. It does not hold the configuration file
    or .env: back those up yourself.
    """
    places = _places()
    back_up(Warehouse.of(places), file)
    size = f"{file.stat().st_size / 1e6:,.1f} MB"
    click.echo(f"Copied the warehouse to {file} ({size}) and read the whole copy to verify it.")


@click.command()
@click.argument("file", type=_FILE)
def restore(file: Path) -> None:
    """Replace the warehouse with FILE, and publish it.

    FILE is a backup written by `backup`, or a published account_insights.duckdb, which holds the same. The old
    warehouse is kept beside the new one.
    """
    places = _places()
    aside = restore_warehouse(Warehouse.of(places), file)
    console = terminal()
    console.print(f"Restored the warehouse from {file}.")
    if aside:
        console.print(f"The old one is kept as {aside.name}; delete it when you no longer need it.")
    _publish()
    next_steps(console, [("Sync today's data into it:", f"{program()} sync")])


@click.command()
def publish() -> None:
    """Publish the last complete sync again.

    Writes account_insights.duckdb from the warehouse, without calling Salesforce or Zuora, and then brings the lake up
    to date if the settings name one. Use it when the snapshot is lost or damaged, or after the lake could not be
    reached.
    """
    Warehouse.of(_places()).refuse_missing()
    _publish()


def _publish() -> None:
    end_when_failed(run_publishing(on_news=lambda _: None))
    places = _places()
    click.echo(f"Published: {shown_path(places.snapshot)}{_lake(places)}")


def _lake(places: Places) -> str:
    try:
        lake = load_configuration(places.configuration).publish_to
    except ConfigurationProblem:  # without a lake, an invalid file does not keep the snapshot from being published
        return ""
    return f", and the lake at {lake.address}" if lake else ""


def _places() -> Places:
    return Places.from_environment(environment())
