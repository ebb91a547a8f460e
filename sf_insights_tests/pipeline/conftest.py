"""The real job against the real demo org over HTTP, in a data directory of the test's own."""

from pathlib import Path

import pytest

from sf_insights_tests.pipeline.pipeline import LOG_IN_MEMORY, NO_OUTPUT, Pipeline, made_home


@pytest.fixture(scope="session")
def first_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the data directories after a first sync are kept."""
    return tmp_path_factory.mktemp("first_days")


@pytest.fixture(scope="session")
def dagster_home(tmp_path_factory) -> Path:
    """Dagster's home of the tests that do not look into it."""
    return made_home(tmp_path_factory.mktemp("dagster"), LOG_IN_MEMORY, NO_OUTPUT)


@pytest.fixture
def sync(org, first_days, dagster_home, tmp_path, monkeypatch, request) -> Pipeline:
    """Runs the job: `sync(day="2026-03-01", fields=[...])`.

    A test that looks at what Dagster keeps is marked `kept_log`, and has a home of its own.
    """
    for name, value in org.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SF_INSIGHTS_THREADS", "1")  # the other processors are for the other workers
    home = tmp_path / "dagster" if request.node.get_closest_marker("kept_log") else dagster_home
    return Pipeline(tmp_path / "data", home, monkeypatch, first_days)
