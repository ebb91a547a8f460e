"""Where the demo lives, so that its data never meets real data.

In the checkout that is data/demo/ and .dagster/demo; elsewhere a directory among the user's own data.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass

from sf_insights.demo.process import START_SECONDS, DemoOrg
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.salesforce.connection import DEFAULT_API_VERSION
from sf_insights.settings.environment import OF_A_HOME, Places
from sf_insights.settings.home import (
    CONFIGURATION_NAME,
    CONFIGURATION_VARIABLE,
    DATA_VARIABLE,
    HOME_VARIABLE,
    demo_dagster,
    demo_data,
    shipped,
)
from sf_insights.sql import render
from sf_insights.system.durable import write_when_missing
from sf_insights.system.file_lock import FileLock

DATA = demo_data()
ORG = DATA / "org"
PLACES = Places(DATA, DATA / CONFIGURATION_NAME)
VALUES = DATA / "outbound.sql"
_OUTBOUND = """
# Values of Insights that go into custom fields of Salesforce. docs/outbound.md explains every setting.
outbound:
  every: 2h
  values: outbound.sql          # the SELECT beside this file
  fields:
    - from: account_status
      to: Insights_Status__c
    - from: accounts            # how many Insights accounts share the Salesforce Account
      to: Insights_Accounts__c
    - from: trend               # of ARR__c, in percent
      to: Insights_Trend__c
"""
_NOTE = DATA / "in_use_by"
_POLL_SECONDS = 0.2


def environment(org: DemoOrg) -> dict[str, str]:
    """Every variable that the pipeline reads, so that no variable of .env is used."""
    return {
        **org.environment,
        **{
            name.replace("SALESFORCE_", "SALESFORCE_OUTBOUND_"): value for name, value in org.writer_environment.items()
        },
        "SALESFORCE_API_VERSION": DEFAULT_API_VERSION,
        HOME_VARIABLE: str(DATA),  # which has no .env
        CONFIGURATION_VARIABLE: str(PLACES.configuration),
        DATA_VARIABLE: str(DATA),
        "DAGSTER_HOME": str(demo_dagster()),
    }


def use_only(org: DemoOrg) -> None:
    """Let this process and its children know the demo org and no other."""
    for name in [name for name in os.environ if name.startswith(OF_A_HOME)]:
        del os.environ[name]
    os.environ.update(environment(org))


@dataclass(frozen=True)
class _Note:
    """Who has the demo's files, and where the org is served that others may use as well.

    `url` is None for a command that shares nothing, and empty until the org has started.
    """

    owner: str
    url: str | None

    def write(self) -> None:
        new = _NOTE.with_suffix(".new")
        new.write_text(json.dumps(asdict(self)), encoding="utf-8")
        new.replace(_NOTE)

    @classmethod
    def read(cls) -> "_Note":
        try:
            return cls(**json.loads(_NOTE.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return cls("another command", "")  # it begins or ends at this moment


class _InUse(ConfigurationProblem):
    """Another command has the demo's files."""

    def __init__(self, note: _Note) -> None:
        super().__init__(
            f"The demo org is in use by {note.owner}.", "Stop that one first, with Ctrl-C in its terminal."
        )
        self.note = note


@contextmanager
def held(by: str, *, to_share: bool = False) -> Iterator[Callable[[str], None]]:
    """Keep the demo's files for one command, and yield how it says where it serves the org to others.

    Raises:
        ConfigurationProblem: another one has them.
    """
    DATA.mkdir(parents=True, exist_ok=True)
    lock = FileLock(DATA / "in_use.lock")
    try:
        lock.acquire()
    except TimeoutError:
        raise _InUse(_Note.read()) from None
    owner = f"`sf-insights {by}` (process {os.getpid()})"
    try:
        _Note(owner, "" if to_share else None).write()
        yield lambda url: _Note(owner, url).write()
    finally:
        _NOTE.unlink(missing_ok=True)
        lock.release()


@contextmanager
def shared_org(by: str) -> Iterator[tuple[DemoOrg, str | None]]:
    """The demo org; and who serves it, if another command already does.

    Raises:
        ConfigurationProblem: another command has the demo's files to itself.
    """
    deadline = time.monotonic() + START_SECONDS
    with ExitStack() as stack:
        while True:
            try:
                serve_others = stack.enter_context(held(by, to_share=True))
            except _InUse as taken:
                if taken.note.url:
                    yield DemoOrg(taken.note.url, ORG), taken.note.owner
                    return
                if taken.note.url is None or time.monotonic() > deadline:
                    raise
                time.sleep(_POLL_SECONDS)  # it is about to serve it
            else:
                org = stack.enter_context(DemoOrg.started(ORG))
                serve_others(org.url)
                yield org, None
                return


def clear() -> None:
    """Remove what an earlier demo left, and nothing else; the generated org stays for use again."""
    for stem in ("warehouse", "account_insights", "outbound_sync", "account_outbound"):
        for suffix in (".duckdb", ".duckdb.wal"):
            (DATA / f"{stem}{suffix}").unlink(missing_ok=True)
    for directory in (PLACES.landing, PLACES.history_landing, DATA / "outbound"):
        shutil.rmtree(directory, ignore_errors=True)
    notes = (DATA / name for name in ("alerts.json", "lake.json", "run.progress"))
    for file in (PLACES.configuration, PLACES.configuration.with_suffix(".revisions"), VALUES, *notes):
        file.unlink(missing_ok=True)


def ensure_configuration() -> None:
    """See that the demo has a configuration: the committed one, and values to send, until somebody changes them."""
    DATA.mkdir(parents=True, exist_ok=True)
    for name, text in settings().items():
        write_when_missing(text, DATA / name)


def settings() -> dict[str, str]:
    """Return the text of each of the demo's settings files by name: the committed selection, and values to send."""
    selection = shipped(CONFIGURATION_NAME).read_text(encoding="utf-8")
    return {VALUES.name: render("demo/values_for_salesforce"), CONFIGURATION_NAME: selection + _OUTBOUND}
