r"""Faults on demand: failures that a network, a proxy or Salesforce can cause.

A fault waits for requests whose path contains `path`, skips the first `skip` of them, and applies to the next `times`
(None: all). Actions and their details:

    status           status=503, body=JSON or text, headers={...}: answers instead of the API
    latency          seconds=1.5: waits before answering
    drop_before      closes the connection without an answer
    drop_body        at=None: sends all headers, then closes the connection in the middle of the body (or at byte `at`)
    truncate         at=None, line_end=False: sends no length and closes the connection in the middle of the body
    gzip_cut         the same for a gzip stream, if the client accepts gzip
    empty_body       sends headers without a body
    headers          set={...}, omit=[...]: sets or leaves out headers, such as Sforce-NumberOfRecords
    permute_columns  changes the order of a CSV page's columns
    garble           texts={"text": "caf\xe9"}: replaces a text by other bytes, one for each character
    recode           charset="ISO-8859-1": sends the body in another encoding, declared in its header
    duplicate_row    a result page starts with the last row of the page before, and lacks its own last row
    job_stuck        a new Bulk job stays InProgress
    job_failed       message="...": a new Bulk job ends as Failed
    job_aborted      a new Bulk job ends as Aborted
    hide_field       field="X": hides the field from the API user right after a Bulk job is created, which then fails
    respell_field    field="X", spelling="x": changes the letter case of its API name right before a Bulk job
    job_stuck, job_failed and job_aborted apply to an ingest job when it is closed. It stops after batches=k: stuck
                     until polls=n polls have seen it (None: until it is aborted; without batches, all is written),
                     failed or aborted (without batches, nothing is written)
    job_deleted      somebody deletes the ingest job of the request
    ingest_results   how="204", "header_only", "missing" or "doubled", rows=1: damages a result of an ingest job
    drop_after       does what the request asks, then closes the connection without an answer
    edit_before_write        object_name="Account", id="001...", values={...}: a person's edit right before a write
    field_lost_before_write  object_name="Account", field="X", hidden=True: hides a field right before a write, or with
                             hidden=False makes it read-only
"""

import threading
from dataclasses import dataclass, field
from typing import Any

ACTIONS = frozenset(
    {
        "status",
        "latency",
        "drop_before",
        "drop_body",
        "truncate",
        "gzip_cut",
        "empty_body",
        "headers",
        "permute_columns",
        "garble",
        "recode",
        "duplicate_row",
        "job_stuck",
        "job_failed",
        "job_aborted",
        "hide_field",
        "respell_field",
        "drop_after",
        "job_deleted",
        "ingest_results",
        "edit_before_write",
        "field_lost_before_write",
    }
)
BEFORE_WRITES = frozenset({"edit_before_write", "field_lost_before_write"})
INGEST_JOB_ACTIONS = frozenset({"job_stuck", "job_failed", "job_aborted"})
INGEST_RESULTS = frozenset({"ingest_results"})
JOB_DELETED = frozenset({"job_deleted"})
JOB_ACTIONS = frozenset({"job_stuck", "job_failed", "job_aborted", "hide_field", "respell_field"})


@dataclass
class Fault:
    """One fault, waiting for its requests."""

    action: str
    path: str = ""
    method: str = ""
    times: int | None = 1
    skip: int = 0
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"unknown fault {self.action!r}; known: {', '.join(sorted(ACTIONS))}")


@dataclass
class Settings:
    """Settings of the org, kept until `clear`."""

    quota_max: int = 100_000
    quota_used: int = 0  # used part of the daily API requests; every request adds one
    record_count_offset: int = 0  # added to the answer of /limits/recordCount; Salesforce's number lags too
    page_records: int = 50_000  # records per Bulk result page if the client gives no number
    batch_records: int = 2_000  # maximum records per page of a REST query
    zuora_page_records: int = 2_000
    gzip: bool = True
    jwt_tokens: bool = False  # issue JWT access tokens, which do not start with the org's id
    view_encrypted_data: bool = True  # the API user's permission; encrypted fields are masked without it
    view_all_accounts: bool = True  # the API user's View All Records on Account; it changes no answer but its own
    view_setup: bool = True  # the API user's View Setup and Configuration, to read ObjectPermissions
    account_history: bool = True  # whether the org tracks the history of Accounts at all
    job_seconds: float = 0.0  # minimum time that a Bulk job is InProgress
    reader_may_write: bool = True  # else only the writer's user may write
    assignment_owner: str = ""  # the user to whom an assignment rule gives updated Accounts; empty: no rule
    ingest_max_bytes: int = 150_000_000  # maximum size of an upload
    ingest_batch_records: int = 10_000  # records of an ingest job that Salesforce processes as one batch
    batches_max: int = 15_000  # daily batches; each batch of an ingest job uses one
    batches_used: int = 0
    replication_log_purged: bool = False  # /deleted refuses every window


class Faults:
    """The waiting faults, in the order they were added."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Add a fault."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._waiting.clear()

    def take(self, method: str, path: str, actions: frozenset[str]) -> list[Fault]:
        """Return the faults that apply to this request, at most one of each action, and count them as used."""
        struck: dict[str, Fault] = {}
        with self._lock:
            for fault in list(self._waiting):
                matches = fault.path in path and fault.method in ("", method)
                if fault.action not in actions or fault.action in struck or not matches:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                struck[fault.action] = fault
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
        return list(struck.values())
