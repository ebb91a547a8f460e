"""The list of commands: complete, one line each, and shown without importing them."""

import json
import subprocess
import sys

import click
import pytest

from sf_insights.cli import main

WIDTH = 80
NAMES = main.list_commands(click.Context(main))


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What --help prints on a terminal of 80 columns, and the modules that it imported."""
    script = (
        "import json, sys\n"
        "from sf_insights.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path_factory.mktemp("here"),
        env={"COLUMNS": str(WIDTH)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, set(json.loads(done.stderr))


def test_each_command_has_one_whole_line(shown):
    out, _ = shown
    lines = out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    assert all(line.endswith(".") and not line.endswith("...") and len(line) <= WIDTH for line in lines)


def test_help_imports_no_command_and_no_engine(shown):
    _, modules = shown
    assert not modules & {"dagster", "duckdb", "polars", "pydantic", "simple_salesforce", "sf_insights.runs"}


@pytest.mark.parametrize("name", NAMES)
def test_each_command_has_a_help_of_its_own(name):
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.name == name
    assert len(command.get_short_help_str()) > 10
