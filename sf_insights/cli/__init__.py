"""sf-insights: the commands, one file each."""

from __future__ import annotations

from importlib import import_module

import click

from sf_insights.cli.failures import Commands
from sf_insights.cli.home_option import home_option

__all__ = ["main"]

# The file of each command.
_FILES = {
    "backfill": "backfill",
    "backup": "backups",
    "check": "check",
    "demo": "demo",
    "deselect": "select",
    "fields": "fields",
    "init": "init",
    "label": "label",
    "org": "org",
    "outbound": "outbound",
    "publish": "backups",
    "rejected": "rejected",
    "restore": "backups",
    "select": "select",
    "settings": "settings",
    "status": "status",
    "sync": "sync",
    "ui": "ui",
    "unmatched": "unmatched",
}
_WITHOUT_HOME = {"demo", "init", "org"}  # `demo` and `org` use the demo's files, and `init` names its directory


class CommandsOfFiles(Commands):
    """Imports a command when it is used: each needs other parts of the package, and all of them take a second."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_FILES})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _FILES and cmd_name not in self.commands:
            self.add_command(_imported(cmd_name))
        return super().get_command(ctx, cmd_name)


def _imported(name: str) -> click.Command:
    command: click.Command = getattr(import_module(f"sf_insights.cli.commands.{_FILES[name]}"), name)
    if name not in _WITHOUT_HOME:
        command.params.append(home_option())
    return command


@click.group(cls=CommandsOfFiles, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="sf-insights")
def main() -> None:
    """Bring Salesforce Account fields into Insights accounts, as attributes and metrics in DuckDB.

    Start with `demo`, which needs no accounts or credentials. For your own org, make a home with `init`, fill in its
    .env, run `check` until it passes, then run `sync`.
    """


main.params.append(home_option())
