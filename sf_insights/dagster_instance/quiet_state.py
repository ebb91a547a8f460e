"""What Dagster recorded on a quiet day, read from its SQLite files: importing Dagster to ask it takes a second."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sf_insights.dagster_instance.home import is_edited

_UNDER_WAY = "SELECT run_id FROM runs WHERE pipeline_name = ? AND status IN ({}) ORDER BY id DESC LIMIT 1".format(
    ", ".join(f"'{status}'" for status in ("QUEUED", "STARTING", "STARTED", "SUSPENDED", "CANCELING"))
)
_FAILED = (
    "SELECT count(*) FROM runs WHERE pipeline_name = ? AND status IN ('FAILURE', 'CANCELED') AND update_timestamp > ?"
)
_STOPPED = "SELECT count(*) FROM instigators WHERE instigator_type = 'SCHEDULE' AND status = 'STOPPED'"
_HEARTBEAT = "SELECT body FROM daemon_heartbeats WHERE daemon_type = 'SCHEDULER'"


@dataclass(frozen=True)
class QuietState:
    """The run of the job that is under way, if any, and when Dagster's scheduler last reported."""

    running: str | None
    scheduler_alive_at: datetime | None


def quiet_state(home: Path, job: str, since: datetime) -> QuietState | None:
    """Return what Dagster recorded; None if only Dagster itself can say it.

    That is so if no run of the job failed since a moment, no schedule was stopped, and its state is in the files that
    our own dagster.yaml means.
    """
    settings = home / "dagster.yaml"
    if not settings.exists() or is_edited(settings):
        return None
    try:
        with _opened(home / "schedules" / "schedules.db") as schedules:
            if schedules.execute(_STOPPED).fetchone()[0]:
                return None
        with _opened(home / "history" / "runs.db") as runs:
            if runs.execute(_FAILED, [job, f"{since.astimezone(UTC):%Y-%m-%d %H:%M:%S}"]).fetchone()[0]:
                return None
            running = runs.execute(_UNDER_WAY, [job]).fetchone()
            heartbeat = runs.execute(_HEARTBEAT).fetchone()
        alive_at = heartbeat and datetime.fromtimestamp(json.loads(heartbeat[0])["timestamp"], UTC)
    except (sqlite3.Error, ValueError, KeyError, TypeError):
        return None
    return QuietState(running and running[0], alive_at)


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        yield connection
