"""--home and --org: which home a command works on."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sf_insights.cli.failures import fail
from sf_insights.domain.problems import Problem
from sf_insights.settings.environment import existing_home
from sf_insights.settings.home import HOME_VARIABLE, ORG_VARIABLE, Home


def _use(context: click.Context, _: click.Parameter, directory: str | None) -> None:
    if directory is not None:
        try:
            home = Home(Path(directory).absolute())
            home = home if home.has_orgs else existing_home(directory)
        except Problem as problem:  # options are read before the group catches problems
            fail(problem.what, problem.remedy)
        context.with_resource(_named(HOME_VARIABLE, str(home.directory)))


def _use_directory(context: click.Context, _: click.Parameter, directory: str | None) -> None:
    if directory is not None:
        context.with_resource(_named(HOME_VARIABLE, str(Path(directory).expanduser().absolute())))


def _use_org(context: click.Context, _: click.Parameter, name: str | None) -> None:
    if name is not None:
        context.with_resource(_named(ORG_VARIABLE, name))


@contextmanager
def _named(variable: str, value: str) -> Iterator[None]:
    """Name the home or the org in the environment, from which this process and those that it starts take it."""
    before = os.environ.get(variable)
    os.environ[variable] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[variable]
        else:
            os.environ[variable] = before


def home_option() -> click.Option:
    """The option, which a command has before and after its name."""
    return _home(_use, f"The home to work on; else {HOME_VARIABLE}, else the nearest one upwards from this directory.")


def directory_option() -> click.Option:
    """The option of commands about an installation, which may be a directory that is not one yet."""
    return _home(
        _use_directory,
        f"The directory of the installation; else {HOME_VARIABLE}, else the nearest one upwards from here.",
    )


def _home(use: Callable[[click.Context, click.Parameter, str | None], None], text: str) -> click.Option:
    return click.Option(
        ["--home"],
        type=click.Path(file_okay=False),
        metavar="DIR",
        is_eager=True,
        expose_value=False,
        callback=use,
        help=text,
    )


def org_option() -> click.Option:
    """The option that names an org of an installation of many, which a command has before and after its name."""
    return click.Option(
        ["--org"],
        metavar="NAME",
        expose_value=False,
        callback=_use_org,
        help=f"The org of an installation of many orgs to work on; else {ORG_VARIABLE}.",
    )
