"""Durations as command options."""

from datetime import timedelta
from typing import Any

import click

from sf_insights.domain.syncs.durations import duration


class Duration(click.ParamType[timedelta]):
    """A duration such as 90m, 26h or 2d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        try:
            return duration(str(value))
        except ValueError as error:
            self.fail(f"{error}; write it as 90m, 26h or 2d.", param, ctx)
