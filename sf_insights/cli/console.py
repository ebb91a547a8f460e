"""What goes to the terminal: 80 columns, plain when it is no terminal, NO_COLOR honoured."""

import io
import json
import os
import shutil
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TextIO

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sf_insights.dagster_instance.home import DEMO_DATA
from sf_insights.settings.environment import Places, environment

STATE_STYLES = {
    "ok": "green",
    "complete": "green",
    "active": "green",
    "warning": "yellow",
    "paused": "yellow",
    "running": "cyan",
    "partial": "cyan",
    "failed": "bold red",
    "died": "bold red",
}


def terminal(file: TextIO | None = None) -> Console:
    """Where a command prints. Texts of the org are never taken for markup."""
    stream = file or sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")  # an account's name is no reason to fail on a terminal of few characters
    return Console(file=stream, markup=False, emoji=False, highlight=False)


def table(*columns: str) -> Table:
    """A table with these heads; a column of numbers begins with ">" and stands at the right."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left")
    return made


def waiting(text: str) -> AbstractContextManager[object]:
    """Show on a terminal that something goes on, beside what is printed; nothing where nobody watches."""
    console = terminal(sys.stderr)
    return console.status(Text(text)) if console.is_terminal else nullcontext()


def print_json(content: Any) -> None:
    """Print what a script reads."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False, default=str))


def heading(console: Console, text: str) -> None:
    """Print a heading with an empty line above."""
    console.print()
    console.print(text, style="bold")


def next_steps(console: Console, steps: Iterable[tuple[str, str]]) -> None:
    """Print what to type next: why (or nothing, after another command), and the command, never broken over lines."""
    heading(console, "Next")
    for why, command in steps:
        if why:
            console.print(f"  {why}")
        console.print(f"    {command}", style="cyan", soft_wrap=True)


def one_line(value: Any, width: int | None = None) -> str:
    """A value of the org as one printable line, cut to `width` characters; nothing is an en dash."""
    if value is None:
        return "–"
    if isinstance(value, float):
        value = f"{value:,.2f}".removesuffix(".00")
    text = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    return text if width is None or len(text) <= width else text[: width - 1] + "…"


def shown_path(path: Path) -> str:
    """A path as a person here would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def program(name: str = "sf-insights") -> str:
    """How a person here starts a program of this environment: by name, or by its path when that is not found."""
    beside = Path(sys.executable).with_name(name)
    found = shutil.which(name)
    if found and Path(found).resolve() == beside.resolve():
        return name
    return shown_path(beside) if beside.exists() else name


def ui_condition() -> str:
    """Where `make ui` shows other runs than this installation's, the condition on which it shows these."""
    variables = environment()
    is_demo = Places.from_environment(variables).data == DEMO_DATA
    if is_demo or any(name.startswith("SALESFORCE_") for name in variables):
        return ""
    return ", with a SALESFORCE_* variable set (without one it shows the demo's runs)"


def duplicated(stream: TextIO) -> TextIO | None:
    """A second way to the same place, for as long as the first is captured; None when it is no file."""
    try:
        stream.flush()
        return os.fdopen(os.dup(stream.fileno()), "w", encoding=stream.encoding, errors="replace", buffering=1)
    except (OSError, io.UnsupportedOperation):
        return None
