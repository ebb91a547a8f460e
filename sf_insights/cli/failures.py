"""How a command fails: a message on stderr and exit code 1, never a traceback."""

import sys
import traceback
from typing import Any, NoReturn

import click

from sf_insights.cli.console import terminal
from sf_insights.domain.problems import Problem
from sf_insights.settings.home import shown_path
from sf_insights.system.clock import now
from sf_insights.system.disk import disk_problem
from sf_insights.system.durable import PRIVATE, PRIVATE_DIRECTORY


class Commands(click.Group):
    """A group whose commands may raise a Problem."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and report its problems."""
        try:
            return super().invoke(ctx)
        except Problem as problem:
            fail(problem.what, problem.remedy)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            from sf_insights.demo.back_door import DemoOrgError  # loads an HTTP client, which only the demo needs

            if isinstance(error, DemoOrgError):
                fail(f"The demo org failed: {error}")
            if found := disk_problem(error):
                fail(found.what, found.remedy)
            said = str(error).strip().splitlines() or [""]
            fail(
                f"sf-insights {ctx.invoked_subcommand} failed unexpectedly: {type(error).__name__}: {said[0]}",
                _log_traceback(),
            )


def fail(*lines: str) -> NoReturn:
    """Print what happened and then what to do on stderr, and exit with code 1."""
    given = [line for line in lines if line]
    terminal(sys.stderr).print(given[0], style="red", soft_wrap=True)
    for line in given[1:]:
        click.echo(line, err=True)
    sys.exit(1)


def _log_traceback() -> str:
    """Append the current exception's traceback to a log, and return a sentence that says where."""
    from sf_insights.dagster_instance.home import (
        dagster_home,  # loads the settings, which most commands do not need here
    )

    text = f"{now():%Y-%m-%d %H:%M:%S} UTC\n{traceback.format_exc()}\n"
    try:
        log = dagster_home() / "sf-insights.log"
        log.parent.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        log.touch(mode=PRIVATE)
        with log.open("a", encoding="utf-8") as file:
            file.write(text)
    except (OSError, Problem):
        return text
    return f"The details are at the end of {shown_path(log)}."
