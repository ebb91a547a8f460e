"""Terminal output: 80 columns, plain text when it is not a terminal, no colour with NO_COLOR."""

import io
import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TextIO

import click
from click.core import ParameterSource
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sf_insights.settings.environment import Places, environment, installation_of, names_an_org
from sf_insights.settings.home import HOME_VARIABLE, ORG_VARIABLE, demo_data, shown_path

STATE_STYLES = {
    "ok": "green",
    "complete": "green",
    "active": "green",
    "warning": "yellow",
    "paused": "yellow",
    "running": "cyan",
    "partial": "cyan",
    "preview": "cyan",
    "refused": "yellow",
    "failed": "bold red",
    "died": "bold red",
}


def terminal(file: TextIO | None = None) -> Console:
    """Return the console for a command's output. Text from the org is never read as markup."""
    stream = file or sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")  # an account name must not fail on an ASCII terminal
    return Console(file=stream, markup=False, emoji=False, highlight=False)


def table(*columns: str) -> Table:
    """Return a table with these headings; ">" before a heading aligns the column right, for numbers."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        # A name that is too long is broken, never cut: people type it.
        made.add_column(
            column.removeprefix(">"), justify="right" if column.startswith(">") else "left", overflow="fold"
        )
    return made


def waiting(text: str) -> AbstractContextManager[object]:
    """Show a spinner with this text on stderr if it is a terminal."""
    console = terminal(sys.stderr)
    return console.status(Text(text)) if console.is_terminal else nullcontext()


def print_json(content: Any) -> None:
    """Print JSON for scripts."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False, default=str))


def heading(console: Console, text: str) -> None:
    """Print a heading with an empty line above."""
    console.print()
    console.print(text, style="bold")


def next_steps(console: Console, steps: Iterable[tuple[str, str]]) -> None:
    """Print (reason, command) pairs. An empty reason continues the pair above; commands are never wrapped."""
    heading(console, "Next")
    for why, command in steps:
        if why:
            console.print(f"  {why}")
        console.print(f"    {command}", style="cyan", soft_wrap=True)


def one_line(value: Any, width: int | None = None) -> str:
    """Return a value from the org as one printable line, cut to `width` characters; None becomes an en dash."""
    if value is None:
        return "–"
    if isinstance(value, float):
        value = f"{value:,.2f}".removesuffix(".00")
    text = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    return text if width is None or len(text) <= width else text[: width - 1] + "…"


def program(name: str = "sf-insights") -> str:
    """Return how to type a program of this environment: its name if PATH finds it, otherwise its path.

    With --home or --org, the home or the org is named too, so that the commands that are shown work on it.
    """
    typed = _typed(name)
    if name != "sf-insights":
        return typed
    if _was_given("home"):
        typed += f" --home {shlex.quote(shown_path(Path(os.environ[HOME_VARIABLE])))}"
    org = os.environ.get(ORG_VARIABLE)
    return f"{typed} --org {org}" if org else typed


def _was_given(option: str) -> bool:
    """Tell whether the running command or one above it has this option on the command line."""
    context = click.get_current_context(silent=True)
    while context:
        if context.get_parameter_source(option) is ParameterSource.COMMANDLINE:
            return True
        context = context.parent
    return False


def _typed(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = shutil.which(name)
    if found and Path(found).resolve() == beside.resolve():
        return name
    return shown_path(beside) if beside.exists() else name


def ui_condition() -> str:
    """Return what else Dagster's UI needs to show this installation's runs; empty if nothing."""
    variables = environment()
    is_demo = Places.from_environment(variables).data == demo_data()
    if is_demo or names_an_org(variables) or installation_of(variables):
        return ""
    return ", with a SALESFORCE_* variable set (without one it shows the demo's runs)"


def duplicated(stream: TextIO) -> TextIO | None:
    """Return a second writer to the stream's file, for use while the stream is captured; None if it has no file."""
    try:
        stream.flush()
        return os.fdopen(os.dup(stream.fileno()), "w", encoding=stream.encoding, errors="replace", buffering=1)
    except (OSError, io.UnsupportedOperation):
        return None
