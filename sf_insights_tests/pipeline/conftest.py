"""The real job against the real demo org over HTTP, in a data directory of the test's own."""

from pathlib import Path

import pytest

from sf_insights_tests.pipeline.pipeline import Pipeline


@pytest.fixture(scope="session")
def first_days(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("first days")


@pytest.fixture
def sync(org, first_days, tmp_path, monkeypatch, request) -> Pipeline:
    """Runs the job: `sync(day="2026-03-01", fields=[...])`; for what Dagster keeps of it, mark the test `kept_log`."""
    for name, value in org.environment.items():
        monkeypatch.setenv(name, value)
    keeps_log = request.node.get_closest_marker("kept_log") is not None
    home = tmp_path / "dagster"
    return Pipeline(tmp_path / "data", home, monkeypatch, keeps_log=keeps_log, first_days=first_days)
