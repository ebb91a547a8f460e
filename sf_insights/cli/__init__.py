"""sf-insights: the commands, one file each."""

from __future__ import annotations

from importlib import import_module

import click

from sf_insights.cli.failures import Commands
from sf_insights.cli.home_option import home_option, org_option
from sf_insights.system.imports import importing, remember_missing

__all__ = ["main"]

# The file of each command, and its line in the list of commands: printing the list imports none of them.
_COMMANDS = {
    "backfill": ("backfill", "Fill days without a sync from Salesforce's field history."),
    "backup": ("backups", "Write a copy of the warehouse."),
    "check": ("check", "Check that a sync would work; changes nothing."),
    "demo": ("demo", "Sync an invented org, send values back, and show it all."),
    "deselect": ("select", "Remove fields from the next sync."),
    "fields": ("fields", "List the Account fields, and which of them are selected."),
    "init": ("init", "Make a home: a directory for settings, credentials and data."),
    "label": ("label", "Set the label that people see for a field."),
    "org": ("org", "Serve the demo org on this machine until stopped."),
    "orgs": ("orgs", "Add, list, rename, pause and remove the orgs of an installation."),
    "outbound": ("outbound", "Send Insights values to Salesforce, every two hours."),
    "publish": ("backups", "Publish the last complete sync again."),
    "rejected": ("rejected", "List values that did not fit their field's type."),
    "restore": ("backups", "Replace the warehouse with a copy, and publish it."),
    "select": ("select", "Select fields for the next sync."),
    "settings": ("settings", "Serve the settings pages."),
    "status": ("status", "Show the last syncs and the published snapshot."),
    "sync": ("sync", "Read Salesforce, match the accounts, and publish the values."),
    "ui": ("ui", "Serve Dagster's web UI, and run the schedules."),
    "unmatched": ("unmatched", "List accounts without a match, with reasons and candidates."),
}
# `demo` and `org` use the demo's files, `init` names its directory, and `orgs` is about an installation.
_WITHOUT_HOME = {"demo", "init", "org", "orgs"}


class CommandsOfFiles(Commands):
    """Imports a command when it is used: each needs other parts of the package, and all of them take a second."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _COMMANDS and cmd_name not in self.commands:
            self.add_command(_imported(cmd_name))
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][1]) for name in self.list_commands(ctx)])


def _imported(name: str) -> click.Command:
    remember_missing("pandas")  # DuckDB looks for it at each value that it binds
    with importing():
        module = import_module(f"sf_insights.cli.commands.{_COMMANDS[name][0]}")
    command: click.Command = getattr(module, name)
    if name not in _WITHOUT_HOME:
        command.params += [home_option(), org_option()]
    return command


@click.group(cls=CommandsOfFiles, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="sf-insights")
def main() -> None:
    """Bring Salesforce Account fields into Insights accounts, as attributes and metrics in DuckDB.

    Start with `demo`, which needs no accounts or credentials. For your own org, make a home with `init`, fill in its
    .env, run `check` until it passes, then run `sync`.
    """


main.params += [home_option(), org_option()]
