"""How one org is doing, in a few numbers. Files that have not changed are not read again."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import duckdb

from sf_insights.dagster_instance.run_progress import read_progress
from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.problems import Problem
from sf_insights.domain.wording import since
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import Places, variables_of
from sf_insights.settings.home import Home
from sf_insights.settings.installation import trouble_of
from sf_insights.settings.salesforce_orgs import recorded_org
from sf_insights.system.clock import now
from sf_insights.warehouse.accounts.matches import match_rates
from sf_insights.warehouse.fields.counts import field_counts
from sf_insights.warehouse.reading import reading, reading_snapshot
from sf_insights.warehouse.syncs.history import last_syncs
from sf_insights.warehouse.transaction import Transaction

STALE_AFTER = timedelta(hours=26)  # as Dagster's freshness policy
State = Literal["well", "paused", "failed", "stale", "not synced", "unusable"]
WELL: tuple[State, ...] = ("well", "paused")


@dataclass(frozen=True)
class Facts:
    """What the warehouse and the snapshot of an org say. None is unknown: nothing was synced yet."""

    published_at: datetime | None = None
    lake_published_at: datetime | None = None
    lake_problem: str = ""
    synced_on: date | None = None
    sync_state: str | None = None
    sync_reason: str = ""
    sync_seconds: float | None = None
    api_calls: int | None = None
    accounts: int | None = None
    matched: int | None = None
    match_rate: float | None = None
    rejected: int | None = None
    paused_fields: int | None = None


@dataclass(frozen=True)
class OrgHealth:
    """How an org is doing; `org` is None for a home that stands alone.

    `is_running` tells whether a sync runs now. `why` is a sentence for people, empty if the org is well.
    """

    org: str | None
    state: State
    why: str
    is_running: bool
    salesforce_org: str | None
    facts: Facts

    @property
    def is_well(self) -> bool:
        return self.state in WELL

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {**asdict(self), "is_well": self.is_well}


class HealthReader:
    """Reads the health of one home, and again only what has changed since the last time."""

    def __init__(self, variables: Callable[[], Mapping[str, str]], org: Home | None = None) -> None:
        """Prepare.

        Args:
            variables: returns the variables of the home.
            org: its home, if it is an org of an installation of many.
        """
        self._variables, self._org = variables, org
        self._lock = threading.Lock()
        self._key: Any = None
        self._facts = Facts()
        self._settings_key: Any = None
        self._configuration: AccountFieldSync | None = None

    def get(self, max_age: timedelta = STALE_AFTER) -> OrgHealth:
        """Return how the org is doing; a problem of its files is its state, never an error.

        Args:
            max_age: an older snapshot is stale.
        """
        facts, is_running = Facts(), False
        try:
            if trouble := self._org and trouble_of(self._org):
                raise trouble
            places = Places.from_environment(self._variables())
            with self._lock:
                configuration = self._settings(places.configuration)
                progress = read_progress(places.data)
                is_running = progress is not None and progress.ended_at is None
                facts = self._read(places, is_running=is_running)
                if configuration.publish_to is not None:
                    from sf_insights.lake.state import read_state

                    lake = read_state(places.data)
                    facts = replace(facts, lake_published_at=lake.published_at, lake_problem=lake.problem)
        except (Problem, OSError, duckdb.Error) as problem:
            said = str(problem).splitlines() or [type(problem).__name__]
            return self._health("unusable", said[0], facts, is_running=is_running)
        state, why = judged(configuration, facts, max_age)
        return self._health(state, why, facts, is_running=is_running)

    def _health(self, state: State, why: str, facts: Facts, *, is_running: bool) -> OrgHealth:
        name, salesforce = (self._org.directory.name, recorded_org(self._org)) if self._org else (None, None)
        return OrgHealth(name, state, why, is_running, salesforce, facts)

    @classmethod
    def of(cls, org: Home) -> HealthReader:
        """Return the reader of an org of an installation."""
        return cls(lambda: variables_of(org.directory), org)

    def _settings(self, file: Path) -> AccountFieldSync:
        if self._configuration is None or _stat(file) != self._settings_key:
            self._settings_key = _stat(file)
            self._configuration = None  # if the file is invalid now
            self._configuration = load_configuration(file)
        return self._configuration

    def _read(self, places: Places, *, is_running: bool) -> Facts:
        # A running sync changes the warehouse all the time, and the snapshot is what is read then.
        key = (_stat(places.snapshot), is_running, None if is_running else _stat(places.warehouse))
        if key != self._key:
            with reading(places, "sf-insights status") as source:
                facts = _facts(source.tx, is_held=source.running is not None) if source.tx else Facts()
                is_certain = is_running or source.running is None
            self._facts = replace(facts, **_published(places))
            # Reading the warehouse may touch its file.
            self._key = (key[0], is_running, None if is_running else _stat(places.warehouse)) if is_certain else None
        return self._facts


def judged(configuration: AccountFieldSync, facts: Facts, max_age: timedelta) -> tuple[State, str]:
    """Return the state of an org and a sentence about it."""
    if not configuration.enabled:
        return "paused", "Its syncs are switched off: `enabled: false`."
    if facts.sync_state in ("failed", "died"):
        return "failed", facts.sync_reason or "The last sync failed."
    if facts.lake_problem:
        return "failed", f"The snapshot is published, and the lake is behind. {facts.lake_problem}"
    if facts.published_at is None:
        return "not synced", "Nothing has been published yet."
    if now() - facts.published_at > max_age:
        return "stale", f"The snapshot was published {since(facts.published_at, now())}."
    return "well", ""


def _facts(tx: Transaction, *, is_held: bool) -> Facts:
    syncs, rates = last_syncs(tx, 1, is_held=is_held), match_rates(tx, 1)
    facts = Facts(paused_fields=field_counts(tx).paused)
    if syncs:
        facts = replace(
            facts,
            sync_state=syncs[0]["state"],
            sync_reason=syncs[0]["reason"] or "",
            sync_seconds=syncs[0]["seconds"],
            api_calls=syncs[0]["salesforce_api_calls"],
        )
    if rates:
        facts = replace(facts, accounts=rates[0].accounts, matched=rates[0].matched, match_rate=rates[0].rate)
    rejected = tx.value("SELECT sum(cells)::BIGINT FROM ops.rejected_counts JOIN insights.snapshot USING (sync)")
    return replace(facts, rejected=rejected or 0) if rates else facts


def _published(places: Places) -> dict[str, Any]:
    """Return when the snapshot was published and its day, from its file, since the warehouse may be newer."""
    if not places.snapshot.exists():
        return {}
    with reading_snapshot(places.snapshot) as tx:
        return tx.records("SELECT published_at, synced_on FROM insights.snapshot")[0]


def _stat(path: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - as in the rest of this file, one call
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
