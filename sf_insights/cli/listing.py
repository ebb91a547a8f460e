"""The options of commands that list rows: how many to show, or all of them as CSV or JSON."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def listing_options(rows: str) -> Callable[[F], F]:
    """Return a decorator that adds the parameters limit, csv_path and as_json; `rows` names the rows, as "values"."""

    def decorate(command: F) -> F:
        for option in (
            click.option("--json", "as_json", is_flag=True, help=f"Print all {rows} as JSON instead, for scripts."),
            click.option(
                "--csv",
                "csv_path",
                type=click.Path(dir_okay=False, path_type=Path),
                help=f"Write all {rows} to this file instead.",
            ),
            click.option(
                "--limit", type=click.IntRange(min=1), default=20, show_default=True, help=f"How many {rows} to show."
            ),
        ):
            command = option(command)
        return command

    return decorate
