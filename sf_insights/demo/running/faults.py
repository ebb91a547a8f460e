r"""Faults on demand: what a network, a proxy or Salesforce itself does wrong now and then.

A fault waits for requests whose path contains `path`, lets the first `skip` of them pass, strikes `times` of the
following ones (None: all of them) and is used up. Actions and their details:

    status           status=503, body=JSON or text, headers={...}: answers instead of the API
    latency          seconds=1.5: waits before answering
    drop_before      closes the connection without an answer
    drop_body        at=None: sends all headers, then closes the connection in the middle of the body (or at byte `at`)
    truncate         at=None, line_end=False: a response without a length that ends early, by closing the connection
    gzip_cut         the same for a gzip stream, where the client asked for gzip
    empty_body       headers without a body
    headers          set={...}, omit=[...]: sets or leaves out headers, such as Sforce-NumberOfRecords
    permute_columns  a CSV page whose columns stand in another order
    garble           texts={"text": "caf\xe9"}: other bytes in a text's place, one for each character
    recode           charset="ISO-8859-1": the body in another encoding, which its header declares
    duplicate_row    a result page that begins with the last row of the page before, and lacks its own last row
    job_stuck        a new Bulk job stays InProgress
    job_failed       message="...": a new Bulk job ends as Failed
    job_aborted      a new Bulk job ends as Aborted
    hide_field       field="X": hides the field from the API user right after a new Bulk job was created; it fails
    respell_field    field="X", spelling="x": changes the letter case of its API name right before a new Bulk job
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
    }
)
JOB_ACTIONS = frozenset({"job_stuck", "job_failed", "job_aborted", "hide_field", "respell_field"})


@dataclass
class Fault:
    """One fault that waits for its requests."""

    action: str
    path: str = ""
    method: str = ""
    times: int | None = 1
    skip: int = 0
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"no fault is called {self.action!r}; there are: {', '.join(sorted(ACTIONS))}")


@dataclass
class Settings:
    """Dials of the org that stay as they are set, until `clear`."""

    quota_max: int = 100_000
    quota_used: int = 0  # of the day's API requests; every request adds one
    record_count_offset: int = 0  # added to what /limits/recordCount says; Salesforce's number lags as well
    page_records: int = 50_000  # records of a Bulk result page when the client names no number
    batch_records: int = 2_000  # upper bound for a page of a REST query
    zuora_page_records: int = 2_000
    gzip: bool = True
    jwt_tokens: bool = False  # access tokens that do not begin with the org's id, as an app may issue them
    view_encrypted_data: bool = True  # the API user's permission; without it encrypted fields are masked
    job_seconds: float = 0.0  # a Bulk job is InProgress for at least as long
    replication_log_purged: bool = False  # /deleted refuses its window


class Faults:
    """The faults that wait, in the order they were asked for."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Let a fault wait for its requests."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._waiting.clear()

    def take(self, method: str, path: str, actions: frozenset[str]) -> list[Fault]:
        """Return the faults that strike this request, one of each action at most, and count them as used."""
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
