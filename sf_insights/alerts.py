"""Sending alerts and the heartbeat to the addresses that the environment names. A failing alert fails nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from enum import Enum, auto
from pathlib import Path
from typing import Any

import filelock
import requests

from sf_insights.domain.problems import Problem
from sf_insights.domain.syncs.alerts import Ledger, Published, after_failure, after_publishing
from sf_insights.system.clock import now
from sf_insights.system.durable import create_private, replace_content
from sf_insights.transport.retry import TemporaryFailure
from sf_insights.transport.session import Moved, new_session

logger = logging.getLogger(__name__)

_ALERT = "SF_INSIGHTS_ALERT_URL"
_HEARTBEAT = "SF_INSIGHTS_HEARTBEAT_URL"
_SECONDS = 10
_LOCK_SECONDS = 60  # another run may be sending


class _Sent(Enum):
    """What became of a request."""

    DELIVERED = auto()
    REFUSED = auto()  # by the receiver, at once
    UNANSWERED = auto()


class Alerts:
    """Tells each change of state once.

    What has been told, and what could not be delivered yet, is kept in a file beside the warehouse. Each occasion
    delivers what waits, oldest first.
    """

    def __init__(self, data: Path, environment: Mapping[str, str]) -> None:
        self._file = data / "alerts.json"
        self._environment = environment

    def failed(self, day: date | None, reason: str) -> None:
        """Tell that a sync failed or was refused, unless the one before did too."""
        with self._locked():
            before = self._ledger()
            self._tell(before, *after_failure(before.states, day, reason))

    def published(self, published: Published) -> None:
        """Tell what is new in what was published, and call the heartbeat if it brings a sync and not labels alone."""
        with self._locked():
            before = self._ledger()
            self._tell(before, *after_publishing(before.states, published))
        if published.brings_sync and self._environment.get(_HEARTBEAT):
            self._send("heartbeat", "GET", _HEARTBEAT, None)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep another run from changing the file meanwhile."""
        lock = filelock.FileLock(self._file.with_suffix(".lock"), thread_local=False)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=_LOCK_SECONDS)
        except (filelock.Timeout, OSError) as error:
            # Better told twice than not at all.
            logger.warning("Another run may tell the same, since %s cannot be locked: %s", self._file.name, error)
        try:
            yield
        finally:
            lock.release(force=True)

    def _ledger(self) -> Ledger:
        try:
            return Ledger.from_json(json.loads(self._file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return Ledger()
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            logger.warning("Which alerts were sent cannot be read, so they may be sent again: %s", error)
            return Ledger()

    def _tell(self, before: Ledger, states: dict[str, str], lines: list[str]) -> None:
        is_wanted = bool(self._environment.get(_ALERT))
        # Noted before it is sent: what a kill interrupts is sent by the next occasion.
        ledger = before.noting(states, lines, now()) if is_wanted else Ledger(states)
        if ledger != before:
            self._note(ledger)
        if is_wanted:
            self._deliver(ledger)

    def _deliver(self, ledger: Ledger) -> None:
        if ledger.dropped:
            text = f"sf_insights: {ledger.dropped} older alerts could not be delivered and are lost."
            if self._send("alert", "POST", _ALERT, {"text": text}) is not _Sent.DELIVERED:
                return
            ledger = Ledger(ledger.states, ledger.unsent)
            self._note(ledger)
        for line in ledger.unsent:
            sent = self._send("alert", "POST", _ALERT, {"text": f"sf_insights: {line.as_told(now())}"})
            if sent is _Sent.DELIVERED:
                ledger = ledger.without(line)
                self._note(ledger)
            elif sent is _Sent.UNANSWERED:
                return  # the next would take as long

    def _note(self, ledger: Ledger) -> None:
        try:
            if not self._file.exists():
                create_private(self._file)
            replace_content(self._file, json.dumps(ledger.as_json(), indent=1).encode())
        except OSError as error:
            logger.warning("Which alerts were sent cannot be noted, so they may be sent again: %s", error.strerror)

    def _send(self, what: str, method: str, variable: str, body: dict[str, Any] | None) -> _Sent:
        # The address itself is a secret for most receivers, so it stands in no message.
        try:
            with new_session(self._environment, setting=variable) as session:
                # Only the head of the answer is read: a body that never ends keeps nobody waiting.
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
