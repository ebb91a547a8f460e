"""Where the demo lives, so that its data never meets real data: data/demo/ and .dagster/demo of the checkout."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import filelock

from sf_insights import runs
from sf_insights.demo.process import DemoOrg
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.resources.salesforce import DEFAULT_API_VERSION
from sf_insights.resources.settings import CHECKOUT, Places

DATA = runs.DEMO_DATA
ORG = DATA / "org"
PLACES = Places(DATA, DATA / "account_field_sync.yaml")
_OF_USERS = ("SALESFORCE_", "ZUORA_", "SF_INSIGHTS_")


def environment(org: DemoOrg) -> dict[str, str]:
    """Every variable that the pipeline reads, so that none of .env's comes through."""
    return {
        **org.environment,
        "SALESFORCE_API_VERSION": DEFAULT_API_VERSION,
        "SF_INSIGHTS_CONFIG": str(PLACES.configuration),
        "SF_INSIGHTS_DATA_DIR": str(DATA),
        "DAGSTER_HOME": str(runs.DEMO_DAGSTER_HOME),
    }


def use_only(org: DemoOrg) -> None:
    """Let this process and its children know the demo org and no other."""
    for name in [name for name in os.environ if name.startswith(_OF_USERS)]:
        del os.environ[name]
    os.environ.update(environment(org))


@contextmanager
def held(by: str) -> Iterator[None]:
    """Keep the demo's files for one command at a time.

    Raises:
        ConfigurationProblem: another one has them.
    """
    DATA.mkdir(parents=True, exist_ok=True)
    note = DATA / "in_use_by"
    lock = filelock.FileLock(DATA / "in_use.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        other = note.read_text(encoding="utf-8") if note.exists() else "another command"
        raise ConfigurationProblem(
            f"The demo org is in use by {other}.", "Stop that one first, with Ctrl-C in its terminal."
        ) from None
    try:
        note.write_text(f"`sf-insights {by}` (process {os.getpid()})", encoding="utf-8")
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def clear() -> None:
    """Remove what an earlier demo left, and nothing else; the generated org stays for use again."""
    for stem in ("warehouse", "account_insights"):
        for suffix in (".duckdb", ".duckdb.wal"):
            (DATA / f"{stem}{suffix}").unlink(missing_ok=True)
    shutil.rmtree(PLACES.landing, ignore_errors=True)
    PLACES.configuration.unlink(missing_ok=True)


def ensure_configuration() -> None:
    """See that the demo has a configuration: the committed one, until somebody changes it."""
    if not PLACES.configuration.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CHECKOUT / "data" / PLACES.configuration.name, PLACES.configuration)
