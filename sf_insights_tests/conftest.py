"""The demo org that the tests of a worker share, in a process of its own and spoken to over HTTP."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from sf_insights.demo.process import DemoOrg

# Hypothesis judges what comes out, not how long a busy machine took for it.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture(scope="session", autouse=True)
def signals_of_a_terminal() -> Iterator[None]:
    """Give the processes of the tests the signals of a terminal, also when pytest runs under nohup or in background."""
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
def org(running_org) -> DemoOrg:
    """The demo org as it was generated: no day has passed; no fault, session, job or request of an earlier test."""
    running_org.reset()
    return running_org
