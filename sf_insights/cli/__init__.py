"""sf-insights: the commands, one file each."""

import click

from sf_insights.cli.commands.backups import backup, publish, restore
from sf_insights.cli.commands.check import check
from sf_insights.cli.commands.demo import demo
from sf_insights.cli.commands.fields import fields
from sf_insights.cli.commands.init import init
from sf_insights.cli.commands.label import label
from sf_insights.cli.commands.org import org
from sf_insights.cli.commands.outbound import outbound
from sf_insights.cli.commands.rejected import rejected
from sf_insights.cli.commands.select import deselect, select
from sf_insights.cli.commands.settings import settings
from sf_insights.cli.commands.status import status
from sf_insights.cli.commands.sync import sync
from sf_insights.cli.commands.ui import ui
from sf_insights.cli.commands.unmatched import unmatched
from sf_insights.cli.failures import Commands
from sf_insights.cli.home_option import home_option

__all__ = ["main"]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="sf-insights")
def main() -> None:
    """Bring Salesforce Account fields into Insights accounts, as attributes and metrics in DuckDB.

    Start with `demo`, which needs no accounts or credentials. For your own org, make a home with `init`, fill in its
    .env, run `check` until it passes, then run `sync`.
    """


# `demo` and `org` use the demo's files, and `init` names its directory.
for command in (demo, init, org):
    main.add_command(command)
for command in (
    check,
    fields,
    select,
    deselect,
    sync,
    status,
    unmatched,
    rejected,
    label,
    outbound,
    settings,
    publish,
    backup,
    restore,
    ui,
):
    command.params.append(home_option())
    main.add_command(command)
main.params.append(home_option())
