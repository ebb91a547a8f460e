"""The demo org that a worker's tests share: its own process, reached over HTTP."""

import os
import shutil
import signal
import sys
from collections.abc import Generator, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import settings

from sf_insights.demo.process import DemoOrg
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.system.imports import importing
from sf_insights.transport.session import new_session
from sf_insights_tests.clients import connected
from sf_insights_tests.soak import IS_SOAK

# Hypothesis checks results, not how long a busy machine takes. `make soak` tries more examples.
settings.register_profile("no deadline", deadline=None, max_examples=100 if IS_SOAK else 40)
settings.load_profile("no deadline")

# DuckDB looks for pandas on the disk at each bound value, which takes longer than the statement.
sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]

# Dagster parses its settings at each run, which libyaml does in a tenth of the time.
with pytest.MonkeyPatch.context() as patch:
    patch.setattr("yaml.SafeLoader", import_module("yaml").CSafeLoader)
    import_module("dagster_shared.yaml_utils")

MEMORY = Path("/dev/shm")  # noqa: S108  # pytest makes a private directory in it
ROOM = 2 << 30


def pytest_configure() -> None:
    """Keep the tests' files in memory if there is room: a sync waits for about a hundred disk writes."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Import the tests and the package as the commands do, without the garbage collector."""
    with importing():
        return (yield)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only `make soak` runs, and start slow tests first, on all workers."""
    if not IS_SOAK and (left_out := [item for item in items if item.get_closest_marker("soak")]):
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    items[:] = dealt(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def dealt(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """Return the tests so that each worker begins with its share of the slow ones.

    Each worker gets one part of the list, and one that has nothing left takes over the end of another's.
    """
    slow = [item for item in items if item.get_closest_marker("slow")]
    quick = [item for item in items if not item.get_closest_marker("slow")]
    order: list[pytest.Item] = []
    for number in range(workers):
        hand = slow[number::workers]
        part = (len(items) - len(order)) // (workers - number)
        others = max(0, part - len(hand))
        order += hand + quick[:others]
        del quick[:others]
    return order


@pytest.fixture(scope="session", autouse=True)
def signals_of_a_terminal() -> Iterator[None]:
    """Give test processes a terminal's signal handling, even if pytest runs under nohup or in the background."""
    before = {
        number: signal.signal(number, handler)
        for number, handler in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler))
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def running_org(tmp_path_factory) -> Iterator[DemoOrg]:
    with DemoOrg.started(tmp_path_factory.mktemp("org"), accounts=300, seed=1) as org:
        yield org


@pytest.fixture
def org(running_org: DemoOrg) -> DemoOrg:
    """The demo org as generated: no days passed, and no faults, sessions, jobs or requests of earlier tests."""
    running_org.reset()
    return running_org


@pytest.fixture
def salesforce(org) -> Iterator[SalesforceOrg]:
    with connected(org) as salesforce:
        yield salesforce


@pytest.fixture
def token(org) -> str:
    """An access token from another login."""
    form = {
        "grant_type": "client_credentials",
        "client_id": org.environment["SALESFORCE_CONSUMER_KEY"],
        "client_secret": org.environment["SALESFORCE_CONSUMER_SECRET"],
    }
    with new_session({}) as session:
        found: str = session.post(f"{org.url}/services/oauth2/token", data=form).json()["access_token"]
    return found
