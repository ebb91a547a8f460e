"""--home: which home a command works on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from sf_insights.cli.failures import fail
from sf_insights.domain.problems import Problem
from sf_insights.settings.environment import existing_home
from sf_insights.settings.home import HOME_VARIABLE


def _use(context: click.Context, _: click.Parameter, directory: str | None) -> None:
    if directory is not None:
        try:
            home = existing_home(directory)
        except Problem as problem:  # options are read before the group catches problems
            fail(problem.what, problem.remedy)
        context.with_resource(_in_home(str(home.directory)))


@contextmanager
def _in_home(directory: str) -> Iterator[None]:
    """Name the home in the environment, from which this process and those that it starts take it."""
    before = os.environ.get(HOME_VARIABLE)
    os.environ[HOME_VARIABLE] = directory
    try:
        yield
    finally:
        if before is None:
            del os.environ[HOME_VARIABLE]
        else:
            os.environ[HOME_VARIABLE] = before


def home_option() -> click.Option:
    """The option, which a command has before and after its name."""
    return click.Option(
        ["--home"],
        type=click.Path(file_okay=False),
        metavar="DIR",
        is_eager=True,
        expose_value=False,
        callback=_use,
        help=f"The home to work on; else {HOME_VARIABLE}, else the nearest one upwards from this directory.",
    )
