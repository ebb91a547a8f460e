"""The real outbound job against the real demo org over HTTP, in the test's own data directory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sf_insights.dagster_resources import retrying
from sf_insights.demo.process import DemoOrg
from sf_insights_tests.outbound.sender import Sender
from sf_insights_tests.pipeline.pipeline import Pipeline, home_in_memory


@pytest.fixture(scope="session")
def dagster_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return home_in_memory(tmp_path_factory.mktemp("dagster"))


@pytest.fixture(scope="session")
def first_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("first_days")


@pytest.fixture
def sync(org, first_days, dagster_home, tmp_path, monkeypatch) -> Pipeline:
    """The inbound job, which publishes the snapshot that values come from."""
    return pipeline(org, first_days, dagster_home, tmp_path, monkeypatch)


@pytest.fixture
def outbound(org, sync, first_days) -> Sender:
    """The outbound job after the first inbound sync."""
    sync.first_day()
    return Sender(org, sync, first_days)


@pytest.fixture(scope="session")
def running_large_org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoOrg]:
    with DemoOrg.started(tmp_path_factory.mktemp("large"), accounts=4000, seed=3) as org:
        yield org


@pytest.fixture
def large_org(running_large_org: DemoOrg) -> DemoOrg:
    """An org with more accounts than are written without the Bulk API."""
    running_large_org.reset()
    return running_large_org


@pytest.fixture
def large(large_org, first_days, dagster_home, tmp_path, monkeypatch) -> Sender:
    """The outbound job of the large org, after its first inbound sync."""
    sync = pipeline(large_org, first_days, dagster_home, tmp_path, monkeypatch)
    sync.first_day(fields=["Industry"])
    return Sender(large_org, sync, first_days)


def pipeline(
    org: DemoOrg, first_days: Path, dagster_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Pipeline:
    for name, value in org.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SF_INSIGHTS_THREADS", "1")
    monkeypatch.setattr(retrying, "FIRST_WAIT", 0.1)
    return Pipeline(tmp_path / "data", dagster_home, monkeypatch, first_days)
