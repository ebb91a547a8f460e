import json
import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from sf_insights.cli import main
from sf_insights.settings.home import CHECKOUT
from sf_insights_tests import forked
from sf_insights_tests.pipeline.pipeline import home_in_memory

DAY = "2026-03-02"
CONFIGURATION = """\
# Kept by every command.
timezone: UTC
fields:
  - Industry                    # why this one
  - field: AnnualRevenue
    as: metric
    label: Annual revenue
  - Rating
"""
_TERMINAL_SECONDS = 90
_VARIABLES = ("SALESFORCE_", "ZUORA_", "SF_INSIGHTS_")


@dataclass
class Said:
    """The result of a command: its exit code and its output, with every run of white space as one space."""

    code: int
    out: str
    err: str
    lines: list[str]

    @property
    def json(self) -> Any:
        return json.loads("\n".join(self.lines))


class Installation:
    """One data directory, and the commands run on it in this process."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.configuration = data / "account_field_sync.yaml"
        self.snapshot = data / "account_insights.duckdb"
        self.warehouse = data / "warehouse.duckdb"

    def __call__(self, *arguments: str) -> Said:
        result = CliRunner().invoke(main, arguments)
        assert not isinstance(result.exception, Exception), result.exception
        return Said(result.exit_code, _flat(result.stdout), _flat(result.stderr), result.stdout.splitlines())

    def configure(self, **settings: Any) -> None:
        """Change settings in the file."""
        yaml = YAML()
        content = yaml.load(self.configuration.read_text()) | settings
        with self.configuration.open("w") as file:
            yaml.dump(content, file)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.snapshot), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def labels(self) -> dict[str, str]:
        return dict(self.rows("SELECT field, label FROM insights.field_labels"))


def _flat(text: str) -> str:
    return " ".join(text.split())


def clean_environment() -> dict[str, str]:
    """An environment without the variables that a user of sf_insights may have set."""
    return {name: value for name, value in os.environ.items() if not name.startswith((*_VARIABLES, "DAGSTER_"))}


@pytest.fixture(scope="session")
def dagster_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dagster's home as we ship it, for commands in processes of their own."""
    return tmp_path_factory.mktemp("dagster")


@pytest.fixture(scope="session")
def forgetful_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dagster's home for commands in this process."""
    return home_in_memory(tmp_path_factory.mktemp("forgetful"))


@pytest.fixture
def sf_insights(org, forgetful_home, tmp_path, monkeypatch, request) -> Installation:
    """An installation that is connected to the demo org and has synced nothing yet.

    A test that looks at what Dagster keeps is marked `kept_log`, and has a home of Dagster as we ship it.
    """
    for name in [name for name in os.environ if name.startswith(_VARIABLES)]:
        monkeypatch.delenv(name)
    data = tmp_path / "data"
    data.mkdir()
    installation = Installation(data)
    installation.configuration.write_text(CONFIGURATION)
    monkeypatch.setenv("COLUMNS", "80")
    home = tmp_path / "dagster" if request.node.get_closest_marker("kept_log") else forgetful_home
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("SF_INSIGHTS_DATA_DIR", str(data))
    monkeypatch.setenv("SF_INSIGHTS_TODAY", DAY)
    monkeypatch.setenv("SF_INSIGHTS_THREADS", "1")  # leave the other processors to the other workers
    for name, value in org.environment.items():
        monkeypatch.setenv(name, value)
    return installation


@pytest.fixture(scope="session")
def first_sync() -> dict[str, Path]:
    """The path of a data directory after a first sync, created when a test first needs it."""
    return {}


@pytest.fixture
def synced(
    sf_insights: Installation, first_sync: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """An installation after its first sync."""
    if not first_sync:
        assert sf_insights("sync").code == 0
        first_sync["data"] = tmp_path_factory.mktemp("synced") / "data"
        shutil.copytree(sf_insights.data, first_sync["data"])
    shutil.copytree(first_sync["data"], sf_insights.data, dirs_exist_ok=True)
    return sf_insights


@pytest.fixture
def closed_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


def cloned_checkout(copy: Path) -> Path:
    """Fill an empty directory with the checkout, as after `git clone`."""
    shutil.copytree(CHECKOUT / "sf_insights", copy / "sf_insights")
    (copy / "data").mkdir()
    for name in ("data/account_field_sync.yaml", "dagster.yaml", "workspace.yaml"):
        shutil.copyfile(CHECKOUT / name, copy / name)
    return copy


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout for the commands that work in it; what they leave in data/demo stays there."""
    return cloned_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def command() -> list[str]:
    """The command line that starts sf-insights in its own process."""
    return [sys.executable, "-c", "from sf_insights.cli import main; main(prog_name='sf-insights')"]


@pytest.fixture
def on_terminal(sf_insights, org, dagster_home, tmp_path):
    """Run a command on an 80-column terminal, in its own process, and return its output."""

    def run(*arguments, **variables):
        environment = clean_environment() | org.environment
        environment |= {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "30"}
        environment |= {"SF_INSIGHTS_DATA_DIR": str(sf_insights.data), "DAGSTER_HOME": str(dagster_home)}
        said = forked.on_terminal(tmp_path, environment | variables, *arguments, seconds=_TERMINAL_SECONDS)
        return said.decode()

    return run
