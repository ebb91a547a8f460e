"""Sending alerts and the heartbeat to the addresses that the environment names. A failing alert fails nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import requests

from sf_insights.domain.alerts import Published, States, after_failure, after_publishing
from sf_insights.domain.problems import Problem
from sf_insights.resources.retrying import PassingTrouble
from sf_insights.resources.transport import Moved, new_session
from sf_insights.resources.warehouse import Transaction

logger = logging.getLogger(__name__)

_ALERT = "SF_INSIGHTS_ALERT_URL"
_HEARTBEAT = "SF_INSIGHTS_HEARTBEAT_URL"
_SECONDS = 10


class Alerts:
    """Tells each change of state once: what has been told is kept in a file beside the warehouse."""

    def __init__(self, data: Path, environment: Mapping[str, str]) -> None:
        self._file = data / "alerts.json"
        self._environment = environment

    def failed(self, day: date | None, reason: str) -> None:
        """Tell that a sync failed or was refused, unless the one before did too."""
        self._tell(*after_failure(self._states(), day, reason))

    def published(self, published: Published, *, is_synced: bool) -> None:
        """Tell what is new in what was published, and call the heartbeat if a sync was and not a label alone."""
        self._tell(*after_publishing(self._states(), published))
        if is_synced and (address := self._environment.get(_HEARTBEAT)):
            self._send("heartbeat", "GET", _HEARTBEAT, address, None)

    def _states(self) -> States:
        try:
            return dict(json.loads(self._file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return {}

    def _tell(self, states: States, lines: list[str]) -> None:
        if address := self._environment.get(_ALERT):
            for line in lines:
                self._send("alert", "POST", _ALERT, address, {"text": f"sf_insights: {line}"})
        if states != self._states():
            try:
                self._file.write_text(json.dumps(states, indent=1), encoding="utf-8")
            except OSError as error:
                logger.warning("Which alerts were sent cannot be noted, so they may be sent again: %s", error.strerror)

    def _send(self, what: str, method: str, variable: str, address: str, body: dict[str, Any] | None) -> None:
        # The address itself is a secret for most receivers, so it stands in no message.
        try:
            with new_session(self._environment, setting=variable) as session:
                answer = session.request(method, address, json=body, timeout=_SECONDS)
            if not answer.ok:
                logger.warning("The %s was answered with HTTP %s.", what, answer.status_code)
        except Moved as moved:
            logger.warning("The %s was not sent. %s", what, moved)
        except (requests.RequestException, PassingTrouble, Problem, ValueError) as error:
            logger.warning("The %s could not be sent: %s.", what, type(error).__name__)


def published_state(tx: Transaction) -> Published:
    """What the last complete sync shows, for alerts."""
    [(day,)] = tx.execute("SELECT synced_on FROM insights.snapshot")
    rates = dict(
        tx.execute(
            "SELECT day, sum(accounts) FILTER (match_status IN ('matched', 'matched_by_merge')) / "
            "sum(accounts) FILTER (match_status != 'no_crm_account_id') "
            "FROM ops.match_history GROUP BY day ORDER BY day DESC LIMIT 2"
        )
    )
    return Published(
        day=day,
        paused=dict(tx.execute("SELECT field, status_reason FROM insights.fields WHERE status = 'paused' ORDER BY 1")),
        new_labels=dict(
            tx.execute(
                "SELECT DISTINCT field, label FROM insights.field_events JOIN insights.field_labels USING (field) "
                "WHERE event = 'activated' AND date = $day AND label_source = 'default'",
                {"day": day},
            )
        ),
        match_rate=rates.pop(day, None) or 1.0,
        previous_match_rate=next(iter(rates.values()), None),
    )
