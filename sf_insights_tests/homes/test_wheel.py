"""The built wheel in its own virtual environment, run from outside the checkout."""

import os
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import duckdb
import pytest
import requests

from sf_insights.demo.process import DemoOrg
from sf_insights.settings.home import CHECKOUT
from sf_insights_tests.cli.conftest import clean_environment
from sf_insights_tests.homes.conftest import DAY
from sf_insights_tests.pipes import output

SECONDS = 240


class Installed:
    """The wheel's commands, run in an empty directory by a user without data."""

    def __init__(self, environment: Path, workplace: Path) -> None:
        self.packages = next((environment / "lib").glob("python*/site-packages"))
        self.at = workplace / "empty"
        self.at.mkdir()
        self.user_data = workplace / "user_data"
        self.program = environment / "bin" / "sf-insights"
        self.variables = clean_environment() | {
            "COLUMNS": "200",
            "HOME": str(workplace / "user"),
            "XDG_DATA_HOME": str(self.user_data),
        }

    def run(self, *arguments: str, at: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *arguments],
            cwd=at or self.at,
            env=self.variables | variables,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

    def serve(self, *arguments: str) -> tuple[str, str]:
        """Start a server command, open its page, stop it, and return its output and the page."""
        command = [str(self.program), *arguments, "--port", free_port()]
        said, page = "", ""
        with subprocess.Popen(
            command, cwd=self.at, env=self.variables, stdout=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            try:
                for line in output(process):
                    said += line
                    if ready := re.search(r"ready: (http://\S+)", line):
                        page = requests.get(ready[1], timeout=SECONDS).text
                        process.send_signal(signal.SIGINT)
                assert process.wait(SECONDS) == 0, said
            finally:
                process.kill()
        return said, page

    def files(self) -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in self.packages.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Installed:
    """The installed wheel; it needs no network because the new environment shares the locked packages."""
    workplace = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(workplace)],
        cwd=CHECKOUT, check=True, capture_output=True, timeout=SECONDS,
    )  # fmt: skip
    [wheel] = workplace.glob("*.whl")
    environment = workplace / "environment"
    venv.create(environment)
    python = environment / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps",
         "--disable-pip-version-check", str(wheel)],
        check=True, timeout=SECONDS,
    )  # fmt: skip
    installation = Installed(environment, workplace)
    # Python ignores .pth files in the shared directory, so the checkout cannot be imported from there.
    (installation.packages / "locked.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return installation


@pytest.fixture(scope="module")
def files_before(installed: Installed) -> dict[str, int]:
    return installed.files()


@pytest.fixture(scope="module")
def home(installed: Installed, files_before: dict[str, int], running_org: DemoOrg) -> Path:
    """A home created by the wheel and connected to the demo org."""
    running_org.reset()
    made = installed.run("init", "emea")
    assert made.returncode == 0, made.stderr
    home = installed.at / "emea"
    with (home / ".env").open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in running_org.environment.items())
    return home


def test_the_commands_come_from_the_wheel(installed):
    code = "import sf_insights; print(sf_insights.__file__)"
    python = installed.program.with_name("python")
    where = subprocess.run([python, "-c", code], cwd=installed.at, check=True, capture_output=True, text=True).stdout
    assert Path(where.strip()).is_relative_to(installed.packages)


def test_the_demo_keeps_its_data_in_the_users_data_directory(installed, files_before):
    demo = installed.run("demo")
    assert demo.returncode == 0, demo.stderr
    snapshot = installed.user_data / "sf-insights" / "demo" / "account_insights.duckdb"
    assert str(snapshot) in demo.stdout
    assert "make ui" not in demo.stdout
    assert re.search(r"^ *\S+/sf-insights ui$", demo.stdout, re.MULTILINE)
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        [(accounts,)] = connection.execute("SELECT count(*) FROM insights.accounts").fetchall()
    assert accounts > 0
    assert list(installed.at.iterdir()) == []
    assert installed.files() == files_before


def test_a_command_without_a_home_says_how_to_create_one(installed, files_before):
    refused = installed.run("status")
    assert refused.returncode == 1
    assert "There is no home here" in refused.stderr
    assert "sf-insights init DIR" in refused.stderr
    assert installed.files() == files_before


def test_a_home_is_checked_and_synced_from_a_directory_inside_it(installed, home, files_before):
    inside = home / "notes" / "of today"
    inside.mkdir(parents=True)
    checked = installed.run("check", at=inside, SF_INSIGHTS_TODAY=DAY)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    synced = installed.run("sync", at=inside, SF_INSIGHTS_TODAY=DAY)
    assert synced.returncode == 0, synced.stderr
    assert (home / "data" / "account_insights.duckdb").exists()
    assert (home / ".dagster" / "dagster.yaml").exists()
    assert list(inside.iterdir()) == []
    status = installed.run("status", "--home", str(home))
    assert DAY in status.stdout
    assert installed.files() == files_before


def test_the_ui_and_the_settings_pages_are_served(installed, home, files_before):
    data = os.path.relpath(home / "data", installed.at)
    said, page = installed.serve("--home", str(home), "settings")
    assert f"The org of your SALESFORCE_* variables, with data in {data}." in said
    assert "Account Field Sync" in page
    said, page = installed.serve("ui", "--home", str(home))
    assert f"The org of your SALESFORCE_* variables, with data in {data}." in said
    assert "Dagster" in page
    assert installed.files() == files_before


def test_a_home_inside_the_installed_packages_is_refused(installed, files_before):
    for arguments in (("init", str(installed.packages / "mine")), ("--home", str(installed.packages), "status")):
        refused = installed.run(*arguments)
        assert refused.returncode == 1
        assert "is among installed packages" in refused.stderr
    assert installed.files() == files_before


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])
