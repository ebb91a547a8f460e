"""A Dagster project that merges the homes of two orgs, run by Dagster's commands."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.cli.conftest import clean_environment
from sf_insights_tests.dagster_records import latest_check, latest_materialization
from sf_insights_tests.homes.conftest import DAY, home_of

SECONDS = 240
DEFINITIONS = """\
from pathlib import Path

import dagster as dg
import duckdb

from sf_insights import account_field_sync

HOMES = Path(__file__).parents[1] / "homes"


@dg.asset(deps=[["emea", "insights", "account_attributes"], ["emea", "insights", "published_snapshot"]])
def industries() -> dg.MaterializeResult:
    with duckdb.connect(str(HOMES / "emea" / "data" / "account_insights.duckdb"), read_only=True) as insights:
        found = insights.execute('SELECT count(DISTINCT "Industry") FROM insights.account_attributes').fetchone()
    return dg.MaterializeResult(metadata={"industries": found[0]})


defs = dg.Definitions.merge(
    account_field_sync(HOMES / "emea", key_prefix="emea"),
    account_field_sync(HOMES / "apac", key_prefix="apac"),
    dg.Definitions(assets=[industries], resources={"warehouse": "theirs"}),
)
"""
COMPONENT = """\
type: sf_insights.AccountFieldSync
attributes:
  home: ../../../homes/{name}
  key_prefix: {name}
"""
OF_COMPONENTS = """\
from pathlib import Path

import dagster as dg

defs = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
"""
PYPROJECT = """\
[project]
name = "shop"
version = "1"

[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "{module}"
code_location_target_module = "{module}.definitions"
"""


class Project:
    """The project's directory, and Dagster's commands in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.dagster_home = directory / "dagster"
        self.dagster_home.mkdir()

    def write(self, name: str, text: str) -> None:
        file = self.directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def run(self, program: str, *arguments: str) -> str:
        result = subprocess.run(
            [Path(sys.executable).with_name(program), *arguments],
            cwd=self.directory,
            env=clean_environment()
            | {"DAGSTER_HOME": str(self.dagster_home), "PYTHONPATH": str(self.directory), "SF_INSIGHTS_TODAY": DAY},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr

    def snapshot(self, name: str, sql: str) -> list[tuple[Any, ...]]:
        path = self.directory / "homes" / name / "data" / "account_insights.duckdb"
        with duckdb.connect(str(path), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def orgs(running_org, tmp_path_factory):
    running_org.reset()
    with DemoOrg.started(tmp_path_factory.mktemp("apac"), accounts=120, seed=2) as apac:
        yield {"emea": running_org, "apac": apac}


@pytest.fixture(scope="module")
def project(orgs, tmp_path_factory) -> Project:
    project = Project(tmp_path_factory.mktemp("project"))
    project.write("pyproject.toml", PYPROJECT.format(module="shop"))
    project.write("shop/__init__.py", "")
    project.write("shop/definitions.py", DEFINITIONS)
    for name, org in orgs.items():
        home_of(org, project.directory / "homes" / name)
    return project


@pytest.fixture(scope="module")
def synced(project: Project) -> Project:
    for name in ("emea", "apac"):
        project.run("dagster", "job", "execute", "-m", "shop.definitions", "-j", f"{name}__daily_account_field_sync")
    return project


def test_the_project_loads(project):
    assert "All code locations passed validation" in project.run("dagster", "definitions", "validate")


def test_each_job_syncs_the_org_of_its_home_into_its_home(synced, orgs):
    for name, org in orgs.items():
        [(day, accounts)] = synced.snapshot(
            name, "SELECT day, salesforce_accounts FROM ops.sync_runs WHERE state = 'complete'"
        )
        assert (str(day), accounts) == (DAY, org.state()["accounts"])
        assert not (synced.directory / "homes" / name / ".dagster").exists()
    assert orgs["emea"].state()["accounts"] != orgs["apac"].state()["accounts"]


def test_runs_and_checks_of_two_homes_are_kept_apart(synced):
    with dg.DagsterInstance.from_config(str(synced.dagster_home)) as instance:
        assert sorted((run.job_name, run.status.value) for run in instance.get_runs()) == [
            ("apac__daily_account_field_sync", "SUCCESS"),
            ("emea__daily_account_field_sync", "SUCCESS"),
        ]
        for name in ("emea", "apac"):
            event = instance.get_latest_materialization_event(dg.AssetKey([name, "insights", "account_attributes"]))
            assert event is not None
            run = instance.get_run_by_id(event.run_id)
            assert run is not None
            assert run.job_name == f"{name}__daily_account_field_sync"
            assert latest_check(instance, name, "salesforce", "raw_accounts", name="every_record_arrived").passed


def test_a_project_asset_reads_the_synced_attributes(synced):
    synced.run("dagster", "asset", "materialize", "-m", "shop.definitions", "--select", "industries")
    [(expected,)] = synced.snapshot("emea", 'SELECT count(DISTINCT "Industry") FROM insights.account_attributes')
    with dg.DagsterInstance.from_config(str(synced.dagster_home)) as instance:
        made = latest_materialization(instance, "industries")
    assert made.metadata["industries"].value == expected > 1


def test_a_sync_completes_with_one_process_per_step(synced):
    """As when materializing assets by hand in a project with Dagster's default executor."""
    select = 'key:"apac/insights/account_attributes"+'
    synced.run("dagster", "asset", "materialize", "-m", "shop.definitions", "--select", select)
    rows = synced.snapshot("apac", "SELECT sync, state, reason FROM ops.sync_runs ORDER BY sync")
    assert rows == [(1, "complete", None), (2, "complete", None)]


@pytest.fixture(scope="module")
def component_project(orgs, tmp_path_factory) -> Project:
    project = Project(tmp_path_factory.mktemp("components"))
    project.write("pyproject.toml", PYPROJECT.format(module="parts"))
    project.write("parts/__init__.py", "")
    project.write("parts/definitions.py", OF_COMPONENTS)
    for name, org in orgs.items():
        project.write(f"parts/defs/{name}/defs.yaml", COMPONENT.format(name=name))
        home_of(org, project.directory / "homes" / name)
    return project


def test_homes_can_be_components_of_a_project(component_project):
    jobs = component_project.run("dagster", "job", "list", "-m", "parts.definitions")
    for name in ("emea", "apac"):
        assert f"{name}__daily_account_field_sync" in jobs


@pytest.mark.skipif(not shutil.which("dg", path=str(Path(sys.executable).parent)), reason="dg is not installed")
def test_dg_check_accepts_the_project(component_project):
    component_project.run("dg", "check", "defs")
