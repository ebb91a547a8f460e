"""A PostgreSQL server, a home with a published snapshot, and a lake of its own for each test."""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sf_insights.dagster_resources import retrying
from sf_insights.domain.publish_to import PASSWORD_VARIABLE
from sf_insights_tests.conftest import MEMORY
from sf_insights_tests.lake.database_server import PASSWORD, DatabaseServer, programs, started
from sf_insights_tests.lake.document import statements
from sf_insights_tests.lake.home_with_lake import HomeWithLake
from sf_insights_tests.lake.object_storage import ObjectStorage
from sf_insights_tests.pipeline.conftest import dagster_home, first_days
from sf_insights_tests.pipeline.pipeline import Pipeline

__all__ = ["dagster_home", "first_days"]
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def running_server() -> Iterator[DatabaseServer]:
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed; the Debian package postgresql has it")
    # Not in pytest's own directory, which only this user may enter: PostgreSQL runs as another.
    place = MEMORY if MEMORY.is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="sf_insights_server_", dir=place) as path,
        started(found, Path(path)) as server,
    ):
        server.run("postgres", *statements("Set it up"))
        yield server


@pytest.fixture(scope="session")
def running_storage() -> Iterator[ObjectStorage]:
    with ObjectStorage.started() as storage:
        yield storage


@pytest.fixture
def storage(running_storage: ObjectStorage) -> ObjectStorage:
    """Object storage with an empty bucket called lake, to which the keys of `variables` have access."""
    running_storage.reset()
    return running_storage


@pytest.fixture
def server(running_server: DatabaseServer) -> DatabaseServer:
    return running_server


@pytest.fixture
def home(server, tmp_path, monkeypatch) -> HomeWithLake:
    """A home without a snapshot, and a lake that does not exist yet."""
    monkeypatch.setenv("SF_INSIGHTS_THREADS", "1")
    data = tmp_path / "home"
    data.mkdir()
    settings = {
        "catalog": server.address("insights"),
        "schema": f"acme_{next(_NUMBERS)}",
        "data": str(tmp_path / "lake"),
    }
    return HomeWithLake(server, "insights", data, settings)


@pytest.fixture
def sync(org, first_days, dagster_home, tmp_path, monkeypatch) -> Pipeline:
    """The daily job against the demo org."""
    for name, value in org.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(retrying, "FIRST_WAIT", 0.1)
    monkeypatch.setenv("SF_INSIGHTS_THREADS", "1")
    return Pipeline(tmp_path / "data", dagster_home, monkeypatch, first_days)


@pytest.fixture
def synced(sync, server, tmp_path) -> HomeWithLake:
    """A home after its first sync, without a lake yet."""
    sync.first_day()
    return of_pipeline(sync, server, tmp_path / "lake")


@pytest.fixture
def publishing(sync, server, tmp_path, monkeypatch) -> HomeWithLake:
    """The home of `sync`, whose settings name a lake and whose job publishes into it."""
    home = of_pipeline(sync, server, tmp_path / "lake")
    sync.configure(publish_to=home.settings)
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    load_definitions_again(monkeypatch)
    return home


def load_definitions_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load the definitions, which a process does once; the tests' process did so before the settings named a lake."""
    from sf_insights import definitions
    from sf_insights.assembly import definitions_of

    monkeypatch.setattr(definitions, "defs", definitions_of(None, None))


def of_pipeline(sync: Pipeline, server: DatabaseServer, files: Path) -> HomeWithLake:
    settings = {"catalog": server.address("insights"), "schema": f"acme_{next(_NUMBERS)}", "data": str(files)}
    return HomeWithLake(server, "insights", sync.data, settings)


def copied(home: HomeWithLake, to: Path) -> HomeWithLake:
    """Return another home with the same snapshot."""
    shutil.copytree(home.data, to)
    return HomeWithLake(home.server, home.database, to, home.settings, home.variables)
