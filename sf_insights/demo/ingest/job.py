"""An ingest job, as GET shows it.

Source: Salesforce, Bulk API 2.0 Developer Guide, "Get Job Info", "Bulk API 2.0 Job States".
"""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sf_insights.demo.running.faults import Fault
from sf_insights.demo.running.org import Session

TERMINAL = frozenset({"JobComplete", "Failed", "Aborted"})


@dataclass
class IngestJob:
    """A job from its creation to its deletion. `changing` guards its state."""

    id: str
    operation: str
    object_name: str
    external_id_field: str | None
    session: Session
    created: str
    version: str
    delimiter: str
    line_ending: str
    directory: Path
    state: str = "Open"
    error: str | None = None
    uploaded: bool = False
    processed: int = 0
    failed: int = 0
    apex_ms: int = 0
    active_ms: int = 0
    closed_at: float = 0.0
    total_ms: int = 0
    polls_left: int | None = None  # polls that still see a stuck job
    stuck: Fault | None = None
    ending: Fault | None = None  # how a fault ends the job
    stop: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)  # nothing more will be written
    changing: threading.Lock = field(default_factory=threading.Lock)

    @property
    def upload(self) -> Path:
        """The file with the uploaded CSV."""
        return self.directory / "upload.csv"

    def result(self, kind: str) -> Path:
        """Return the file of successful, failed or unprocessed records."""
        return self.directory / f"{kind}.csv"

    def close(self) -> bool:
        """Let the job be processed; return False if it is not open."""
        with self.changing:
            if self.state != "Open":
                return False
            self.state = "UploadComplete"
            self.closed_at = time.monotonic()
            return True

    def begin(self) -> None:
        """Show that Salesforce processes the job."""
        with self.changing:
            if self.state == "UploadComplete":
                self.state = "InProgress"

    def end(self, state: str, error: str | None = None) -> None:
        """Show the job's last state, unless it was aborted before."""
        with self.changing:
            self.total_ms = int((time.monotonic() - self.closed_at) * 1000)
            if self.state not in TERMINAL:
                self.state, self.error = state, error

    def abort(self) -> bool:
        """Abort the job; return False if it has already ended. Committed records stay as they are."""
        with self.changing:
            if self.state in TERMINAL:
                return False
            if self.state == "Open":
                self.finished.set()
            self.state = "Aborted"
        self.halt()
        return True

    def halt(self) -> None:
        """Stop processing at the next chunk."""
        self.stop.set()
        self.released.set()

    def polled(self) -> None:
        """Count a poll: a stuck job goes on after some of them."""
        with self.changing:
            if self.polls_left is not None and self.state == "InProgress":
                self.polls_left -= 1
                if self.polls_left <= 0:
                    self.released.set()

    def shown(self, complete: bool = True) -> dict[str, Any]:
        """Return the job as JSON; the answers to its creation and to changes have fewer keys (`complete` is False)."""
        body: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.object_name,
            "createdById": self.session.user_id,
            "createdDate": self.created,
            "systemModstamp": self.created,
            "state": self.state,
            "externalIdFieldName": self.external_id_field,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "contentUrl": f"services/data/v{self.version}/jobs/ingest/{self.id}/batches",
            "lineEnding": self.line_ending,
            "columnDelimiter": self.delimiter,
        }
        if self.state != "Open":
            del body["contentUrl"]
        if self.external_id_field is None:
            del body["externalIdFieldName"]
        if complete:
            body |= {
                "jobType": "V2Ingest",
                "retries": 0,
                "totalProcessingTime": self.total_ms,
                "apiActiveProcessingTime": self.active_ms,
                "apexProcessingTime": self.apex_ms,
                "numberRecordsProcessed": self.processed,
                "numberRecordsFailed": self.failed,
            }
            if self.error is not None:
                body["errorMessage"] = self.error
        return body
