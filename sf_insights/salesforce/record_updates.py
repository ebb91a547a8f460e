"""sObject Collections: read up to 2,000 records, and update up to 200, in one request.

Source: REST API Developer Guide, "Update Multiple Records with Fewer Round-Trips" and "Get Multiple Records with Fewer
Round-Trips".
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import requests

from sf_insights.domain.outbound.limits import MOST_READ
from sf_insights.domain.outbound.row_errors import RowError
from sf_insights.domain.problems import IncompleteData
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.system.signals import refuse_stopped
from sf_insights.transport.answers import read_json, translated_parse_errors

# Active assignment rules would run on updated records, for Account those of territories, and change owners.
_NO_ASSIGNMENT = {"Sforce-Auto-Assign": "FALSE"}


_REQUESTS_AT_ONCE = 4
_LOOK_SECONDS = 0.5  # between two looks at the signals to stop

ReadRecord = tuple[str, dict[str, str | None] | None]
"""An id with the record's values as text; None for a record that is deleted or not visible."""


@dataclass(frozen=True)
class RecordOutcome:
    """What Salesforce says of one record of a write: `error` is None if it was written."""

    record_id: str
    error: RowError | None = None


def read_records(
    org: SalesforceOrg, object_name: str, ids: Sequence[str], fields: Sequence[str]
) -> Iterator[list[ReadRecord]]:
    """Yield the answer of each request, for up to 2,000 ids in their order; several requests run at once.

    Numbers are the text of the JSON, checkboxes true or false, and an empty field is None.
    """
    stopped = threading.Event()
    with ThreadPoolExecutor(_REQUESTS_AT_ONCE, thread_name_prefix="records") as pool:
        try:
            requested = [
                pool.submit(_read_some, org, object_name, ids[start : start + MOST_READ], fields, stopped)
                for start in range(0, len(ids), MOST_READ)
            ]
            for answer in requested:
                while not wait((answer,), timeout=_LOOK_SECONDS).done:
                    refuse_stopped()
                yield answer.result()
        finally:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)


def _read_some(
    org: SalesforceOrg, object_name: str, ids: Sequence[str], fields: Sequence[str], stopped: threading.Event
) -> list[ReadRecord]:
    doing, path = f"read {object_name} records", f"composite/sobjects/{object_name}"
    body = {"ids": list(ids), "fields": list(fields)}
    answer = org.call(
        "POST", path, doing=doing, body=body, object_name=object_name, read=_read_exactly, stopped=stopped
    )
    with translated_parse_errors("Salesforce", doing):
        if len(answer) != len(ids):
            raise IncompleteData(
                f"Salesforce sent {len(answer)} records for {len(ids)} ids of {object_name}.", "Run again."
            )
        return [
            (asked, None if record is None else {name: _text(record.get(name)) for name in fields})
            for asked, record in zip(ids, answer, strict=True)
        ]


def update_records(org: SalesforceOrg, object_name: str, rows: Sequence[Mapping[str, Any]]) -> list[RecordOutcome]:
    """Update up to 200 records, each a mapping with `id` and the fields to change; None clears a field.

    Returns the outcome of each row, in order.

    Raises:
        OutcomeUnknown: the request failed, and Salesforce may have carried it out.
        RequestRefused: Salesforce refused the whole request, and wrote nothing.
    """
    doing = f"update {object_name} records"
    body = {"allOrNone": False, "records": [{"attributes": {"type": object_name}, **row} for row in rows]}
    answer: Any = org.call(
        "PATCH",
        "composite/sobjects",
        doing=doing,
        body=body,
        object_name=object_name,
        headers=_NO_ASSIGNMENT,
        repeat_when_unsure=False,
    )
    with translated_parse_errors("Salesforce", doing):
        if len(answer) != len(rows):
            raise IncompleteData(f"Salesforce answered for {len(answer)} of {len(rows)} records.", "Run again.")
        return [_outcome(str(row["id"]), said) for row, said in zip(rows, answer, strict=True)]


def _outcome(record_id: str, said: Mapping[str, Any]) -> RecordOutcome:
    if said["success"]:
        return RecordOutcome(record_id)
    first = said["errors"][0] if said.get("errors") else {}
    code = str(first.get("statusCode") or first.get("errorCode") or "")
    error = RowError.told(code, str(first.get("message") or ""), first.get("fields") or [])
    return RecordOutcome(record_id, error)


def _read_exactly(response: requests.Response) -> Any:
    """Parse JSON and keep numbers as the text that was sent, such as 0.10 and 1.0E7."""
    return read_json(response, parse_float=str, parse_int=str)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
