"""sf-insights init: a new home for an org."""

import shlex

import click

from sf_insights.cli.console import next_steps, program, terminal
from sf_insights.settings.home import CONFIGURATION_NAME, shown_path
from sf_insights.settings.new_home import make_home


@click.command()
@click.argument("directory", default=".", metavar="[DIR]", type=click.Path())
def init(directory: str) -> None:
    """Make a home: a directory for the settings, credentials and data of one org.

    DIR (this directory unless given) must be empty or not there yet. It gets a settings file with comments, an .env for
    the credentials, and a .gitignore that keeps both secrets and data out of git.
    """
    home = make_home(directory)
    console = terminal()
    console.print(f"{home.directory} is a home now.", style="bold", soft_wrap=True)
    settings, env = (shown_path(home.directory / name) for name in (CONFIGURATION_NAME, ".env"))
    here = "" if directory == "." else f" --home {shlex.quote(shown_path(home.directory))}"
    next_steps(
        console,
        [
            ("Fill in the credentials of Salesforce and Zuora:", env),
            ("See whether they work, and which fields the org has:", f"{program()} check{here}"),
            ("", f"{program()} fields{here}"),
            ("Choose fields, on pages in the browser or in the file:", f"{program()} settings{here}"),
            ("", settings),
            ("Sync now, then every day:", f"{program()} sync{here}"),
            ("", f"{program()} ui{here}"),
        ],
    )
