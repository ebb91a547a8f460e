"""The real job against the real demo org over HTTP, in a data directory of the test's own."""

from collections.abc import Iterator

import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.pipeline.pipeline import Pipeline


@pytest.fixture(scope="session")
def running_org(tmp_path_factory) -> Iterator[DemoOrg]:
    with DemoOrg.started(tmp_path_factory.mktemp("org"), accounts=300, seed=1) as org:
        yield org


@pytest.fixture
def org(running_org) -> DemoOrg:
    """The demo org as it was generated: no day has passed, no fault waits."""
    running_org.reset()
    return running_org


@pytest.fixture
def sync(org, tmp_path, monkeypatch) -> Pipeline:
    """Runs the job: `sync(day="2026-03-01", fields=[...])`."""
    for name, value in org.environment.items():
        monkeypatch.setenv(name, value)
    return Pipeline(tmp_path / "data", tmp_path / "dagster", monkeypatch)
