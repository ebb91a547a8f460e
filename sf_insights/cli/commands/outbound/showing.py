"""Tables that several of the outbound commands print."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.console import Console

from sf_insights.cli.console import heading, one_line, table
from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.outbound.settings import OutboundSync
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.wording import counted
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import Places

COUNTS = ("filled", "changed", "cleared", "equal", "edited", "conflict", "rejected")
_ALWAYS = ("filled", "changed", "cleared", "equal")
_VALUE_WIDTH = 26


def configured(places: Places) -> tuple[AccountFieldSync, OutboundSync]:
    """Return the settings and their outbound block.

    Raises:
        ConfigurationProblem: the file is invalid or has no such block.
    """
    configuration = load_configuration(places.configuration)
    if configuration.outbound is None:
        raise ConfigurationProblem(
            f"{places.configuration.name} has no `outbound:` block, so nothing is sent to Salesforce.",
            "docs/outbound.md says what to write.",
        )
    return configuration, configuration.outbound


def show_fields(console: Console, title: str, rows: Sequence[dict[str, Any]]) -> None:
    """Print how many values of each field would be, or were, filled, changed and so on."""
    heading(console, title)
    names = [name for name in COUNTS if name in _ALWAYS or any(row[name] for row in rows)]
    shown = table("Field", *(f">{name.capitalize()}" for name in names))
    for row in rows:
        shown.add_row(row["field"], *(f"{row[name]:,}" for name in names))
    console.print(shown)


def show_samples(console: Console, samples: Sequence[dict[str, Any]]) -> None:
    """Print up to ten values per field, old and new."""
    for field, rows in groupby(samples, key=lambda row: row["field"]):
        heading(console, f"{field}, for example")
        shown = table("Record", "Old value", "New value")
        for row in rows:
            shown.add_row(row["record_id"], shown_value(row["old_value"]), shown_value(row["new_value"]))
        console.print(shown)


def shown_value(value: str | None) -> str:
    """Return a value for a table; an empty field is shown as such."""
    return one_line(value, _VALUE_WIDTH) if value else "(empty)"


def show_unsent(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    """Print how many accounts have no record to write to, and why."""
    if not rows:
        return
    heading(console, f"{counted(sum(row['accounts'] for row in rows), 'account')} without a record to write to")
    shown = table(">Accounts", "Status", "For example")
    for row in rows:
        shown.add_row(f"{row['accounts']:,}", row["status"], one_line(row["reason"], 160))
    console.print(shown)


def show_held(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    """Print how many values are held back, by class, and why."""
    if not rows:
        return
    heading(console, f"{counted(sum(row['cells'] for row in rows), 'value')} held back")
    shown = table(">Values", "Class", "Field", "For example")
    for row in rows:
        example = f"{shown_value(row['example'])}: {one_line(row['message'], 120)}"
        shown.add_row(f"{row['cells']:,}", row["class"], row["field"], example)
    console.print(shown)
