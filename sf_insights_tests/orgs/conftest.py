"""An installation of many orgs, connected to demo orgs."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights.settings.home import Home
from sf_insights_tests.cli.conftest import Installation, Said, clean_environment, closed_port, forgetful_home
from sf_insights_tests.homes.conftest import DAY

__all__ = ["closed_port", "forgetful_home"]
SETTINGS = "timezone: UTC\nfields:\n  - Industry\n  - field: AnnualRevenue\n    as: metric\n"
OTHER_ORG = "00DDm0000000002MAA"


@dataclass
class Orgs:
    """An installation in a directory of its own, and the commands run in it in this process."""

    directory: Path

    def __call__(self, *arguments: str) -> Said:
        return Installation(self.directory)(*arguments)

    def home(self, name: str) -> Home:
        return Home(self.directory / "orgs" / name)

    def add(self, name: str, org: DemoOrg | None = None, *, is_on: bool = True, **variables: str) -> Home:
        """Add an org with its command, and connect it to a demo org."""
        assert self("orgs", "add", name).code == 0
        home = self.home(name)
        home.configuration.write_text(SETTINGS if is_on else f"enabled: false\n{SETTINGS}")
        with home.env_file.open("a") as file:
            for variable, value in ((org.environment if org else {}) | variables).items():
                file.write(f"{variable}={value}\n")
        return home

    def everything(self) -> dict[str, bytes]:
        """Return all files and directories, to show that nothing was written."""
        return {
            str(path.relative_to(self.directory)): path.read_bytes() if path.is_file() else b""
            for path in self.directory.rglob("*")
        }


@pytest.fixture
def no_settings(monkeypatch) -> None:
    kept = clean_environment()
    for name in [name for name in os.environ if name not in kept]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("SF_INSIGHTS_TODAY", DAY)


@pytest.fixture
def orgs(no_settings, tmp_path, monkeypatch, closed_port, forgetful_home, request) -> Orgs:
    """An installation without an org. No web server of Dagster runs.

    A test that looks at what Dagster keeps is marked `kept_log`, and has Dagster's state as we ship it.
    """
    del no_settings
    directory = tmp_path / "installation"
    directory.mkdir()
    (directory / "installation.yaml").write_text(f"dagster_url: http://127.0.0.1:{closed_port}\n")
    monkeypatch.chdir(directory)
    monkeypatch.setenv("DAGSTER_HOME", "" if request.node.get_closest_marker("kept_log") else str(forgetful_home))
    return Orgs(directory)


@pytest.fixture(scope="session")
def other_running_org(tmp_path_factory) -> Iterator[DemoOrg]:
    with DemoOrg.started(tmp_path_factory.mktemp("other"), accounts=60, seed=2, organization=OTHER_ORG) as org:
        yield org


@pytest.fixture
def other_org(other_running_org: DemoOrg) -> DemoOrg:
    """A second demo org, with an id of its own."""
    other_running_org.reset()
    return other_running_org
