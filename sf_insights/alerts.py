"""Send alerts and the heartbeat to the addresses in the environment. A failed alert never fails a sync."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from enum import Enum, auto
from pathlib import Path
from typing import Any

import requests

from sf_insights.domain.problems import Problem
from sf_insights.domain.syncs.alerts import (
    Ledger,
    Published,
    after_all_orgs,
    after_failure,
    after_lake,
    after_outbound,
    after_publishing,
)
from sf_insights.system.clock import now
from sf_insights.system.durable import create_private, replace_content
from sf_insights.system.file_lock import FileLock
from sf_insights.transport.retry import TemporaryFailure
from sf_insights.transport.session import Moved, new_session

logger = logging.getLogger(__name__)

_ALERT = "SF_INSIGHTS_ALERT_URL"
_HEARTBEAT = "SF_INSIGHTS_HEARTBEAT_URL"
_SECONDS = 10
_LOCK_SECONDS = 60  # another run may be sending


class _Sent(Enum):
    """The outcome of a request."""

    DELIVERED = auto()
    REFUSED = auto()  # the receiver answered with an error or a redirect
    UNANSWERED = auto()


class Alerts:
    """Reports each change of state once.

    A file beside the warehouse keeps which states were reported and which alerts are not delivered yet. Each run
    delivers the waiting alerts first, oldest first.
    """

    def __init__(self, data: Path, environment: Mapping[str, str], *, org: str | None = None) -> None:
        """Prepare; `org` is the name of the org in an installation of many, which begins every alert."""
        self._from = f"sf_insights {org}" if org else "sf_insights"
        self._file = data / "alerts.json"
        self._environment = environment

    def failed(self, day: date | None, reason: str) -> None:
        """Report that a sync failed or was refused, unless the previous one failed too."""
        with self._locked():
            before = self._ledger()
            self._tell(before, *after_failure(before.states, day, reason))

    def published(self, published: Published) -> None:
        """Report what is new in the snapshot; call the heartbeat if it contains a new sync and not only new labels."""
        with self._locked():
            before = self._ledger()
            self._tell(before, *after_publishing(before.states, published))
        if published.brings_sync and self._environment.get(_HEARTBEAT):
            self._send("heartbeat", "GET", _HEARTBEAT, None)

    def sent(self, failure: str | None, paused: Mapping[str, str] | None) -> None:
        """Report an outbound run that changed the state: it failed, works again, or paused a field.

        `paused` is None if it is not known which fields are paused.
        """
        with self._locked():
            before = self._ledger()
            self._tell(before, *after_outbound(before.states, failure, paused))

    def lake(self, failure: str | None) -> None:
        """Report a publication into the lake that changed the state: it failed, or works again."""
        with self._locked():
            before = self._ledger()
            self._tell(before, *after_lake(before.states, failure))

    def all_orgs(self, failure: str | None) -> None:
        """Report a run of the table across orgs that changed the state: it failed, or works again."""
        with self._locked():
            before = self._ledger()
            self._tell(before, *after_all_orgs(before.states, failure))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the file, so that no other run changes it."""
        lock = FileLock(self._file.with_suffix(".lock"))
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(_LOCK_SECONDS)
        except OSError as error:
            # A duplicate alert is better than none.
            logger.warning("%s cannot be locked, so another run may send the same alerts: %s", self._file.name, error)
        try:
            yield
        finally:
            lock.release()

    def _ledger(self) -> Ledger:
        try:
            return Ledger.from_json(json.loads(self._file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return Ledger()
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            logger.warning("%s cannot be read, so alerts may be sent again: %s", self._file.name, error)
            return Ledger()

    def _tell(self, before: Ledger, states: dict[str, str], lines: list[str]) -> None:
        is_wanted = bool(self._environment.get(_ALERT))
        # Save before sending, so that the next run sends what a killed run did not.
        ledger = before.noting(states, lines, now()) if is_wanted else Ledger(states)
        if ledger != before:
            self._note(ledger)
        if is_wanted:
            self._deliver(ledger)

    def _deliver(self, ledger: Ledger) -> None:
        if ledger.dropped:
            text = f"{self._from}: {ledger.dropped} older alerts could not be delivered and are lost."
            if self._send("alert", "POST", _ALERT, {"text": text}) is not _Sent.DELIVERED:
                return
            ledger = Ledger(ledger.states, ledger.unsent)
            self._note(ledger)
        for line in ledger.unsent:
            sent = self._send("alert", "POST", _ALERT, {"text": f"{self._from}: {line.as_told(now())}"})
            if sent is _Sent.DELIVERED:
                ledger = ledger.without(line)
                self._note(ledger)
            elif sent is _Sent.UNANSWERED:
                return  # the next alert would time out too

    def _note(self, ledger: Ledger) -> None:
        try:
            if not self._file.exists():
                create_private(self._file)
            replace_content(self._file, json.dumps(ledger.as_json(), indent=1).encode())
        except OSError as error:
            logger.warning("%s cannot be written, so alerts may be sent again: %s", self._file.name, error.strerror)

    def _send(self, what: str, method: str, variable: str, body: dict[str, Any] | None) -> _Sent:
        # Messages never contain the address, since for most receivers it is a secret.
        try:
            with new_session(self._environment, setting=variable) as session:
                # Stream, and so read only the headers: the body may never end.
                answer = session.request(method, self._environment[variable], json=body, timeout=_SECONDS, stream=True)
        except Moved as moved:
            logger.warning("The %s was not sent. %s", what, moved)
            return _Sent.REFUSED
        except (requests.RequestException, TemporaryFailure, Problem, ValueError) as error:
            logger.warning("The %s could not be sent: %s.", what, type(error).__name__)
            return _Sent.UNANSWERED
        if answer.status_code // 100 == 2:
            return _Sent.DELIVERED
        logger.warning("The %s was answered with HTTP %s.", what, answer.status_code)
        return _Sent.REFUSED
