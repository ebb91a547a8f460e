"""The real job against the real demo org over HTTP, in the test's own data directory."""

from pathlib import Path

import pytest

from sf_insights.dagster_resources import retrying
from sf_insights_tests.pipeline.pipeline import Pipeline, home_in_memory


@pytest.fixture(scope="session")
def first_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for cached data directories after a first sync."""
    return tmp_path_factory.mktemp("first_days")


@pytest.fixture(scope="session")
def dagster_home(tmp_path_factory) -> Path:
    """DAGSTER_HOME for tests that do not look into it."""
    return home_in_memory(tmp_path_factory.mktemp("dagster"))


@pytest.fixture
def sync(org, first_days, dagster_home, tmp_path, monkeypatch, request) -> Pipeline:
    """Run the job: `sync(day="2026-03-01", fields=[...])`. It waits a tenth of a second before it repeats a request.

    A test that reads Dagster's records is marked `kept_log` and has its own DAGSTER_HOME.
    """
    for name, value in org.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(retrying, "FIRST_WAIT", 0.1)
    monkeypatch.setenv("SF_INSIGHTS_THREADS", "1")  # leave the other processors to the other workers
    home = tmp_path / "dagster" if request.node.get_closest_marker("kept_log") else dagster_home
    return Pipeline(tmp_path / "data", home, monkeypatch, first_days)
