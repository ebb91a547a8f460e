"""The real job against the real demo org over HTTP, in a data directory of the test's own."""

import pytest

from sf_insights_tests.pipeline.pipeline import Pipeline


@pytest.fixture
def sync(org, tmp_path, monkeypatch) -> Pipeline:
    """Runs the job: `sync(day="2026-03-01", fields=[...])`."""
    for name, value in org.environment.items():
        monkeypatch.setenv(name, value)
    return Pipeline(tmp_path / "data", tmp_path / "dagster", monkeypatch)
