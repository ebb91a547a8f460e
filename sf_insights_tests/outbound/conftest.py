"""The real outbound job against the real demo org over HTTP, in the test's own data directory."""

from pathlib import Path

import pytest

from sf_insights_tests.outbound.sender import Sender
from sf_insights_tests.pipeline.pipeline import LOG_IN_MEMORY, NO_OUTPUT, Pipeline, made_home


@pytest.fixture(scope="session")
def dagster_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_home(tmp_path_factory.mktemp("dagster"), LOG_IN_MEMORY, NO_OUTPUT)


@pytest.fixture(scope="session")
def first_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("first_days")


@pytest.fixture
def sync(org, first_days, dagster_home, tmp_path, monkeypatch) -> Pipeline:
    """The inbound job, which publishes the snapshot that values come from."""
    for name, value in org.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SF_INSIGHTS_THREADS", "1")
    return Pipeline(tmp_path / "data", dagster_home, monkeypatch, first_days)


@pytest.fixture
def outbound(org, sync) -> Sender:
    """The outbound job after the first inbound sync."""
    sync.first_day()
    return Sender(org, sync)
