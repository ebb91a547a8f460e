"""sf-insights: the commands, one file each."""

import click

from sf_insights.cli.commands.backups import backup, publish, restore
from sf_insights.cli.commands.check import check
from sf_insights.cli.commands.demo import demo
from sf_insights.cli.commands.fields import fields
from sf_insights.cli.commands.label import label
from sf_insights.cli.commands.org import org
from sf_insights.cli.commands.rejected import rejected
from sf_insights.cli.commands.select import deselect, select
from sf_insights.cli.commands.settings import settings
from sf_insights.cli.commands.status import status
from sf_insights.cli.commands.sync import sync
from sf_insights.cli.commands.ui import ui
from sf_insights.cli.commands.unmatched import unmatched
from sf_insights.cli.failures import Commands

__all__ = ["main"]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="sf-insights")
def main() -> None:
    """Bring Salesforce Account fields into Insights accounts, as attributes and metrics in DuckDB.

    Start with `demo`, which needs no accounts or credentials. For your own org, set the SALESFORCE_* and ZUORA_*
    variables (README.md), run `check` until it passes, then run `sync`.
    """


for command in (
    demo,
    check,
    fields,
    select,
    deselect,
    sync,
    status,
    unmatched,
    rejected,
    label,
    settings,
    publish,
    backup,
    restore,
    org,
    ui,
):
    main.add_command(command)
