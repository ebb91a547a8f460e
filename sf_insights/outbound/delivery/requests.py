"""Send a batch by sObject Collections: one request, answered record by record."""

from __future__ import annotations

from typing import Any

from sf_insights.domain.outbound.row_errors import RowClass, RowError
from sf_insights.outbound.delivery import journal
from sf_insights.outbound.delivery.journal import Batch
from sf_insights.outbound.delivery.outcomes import settle, settle_by_reading
from sf_insights.outbound.delivery.sending import Sending
from sf_insights.salesforce.errors import RequestRefused
from sf_insights.salesforce.record_updates import update_records
from sf_insights.transport.retry import OutcomeUnknown
from sf_insights.warehouse.transaction import Transaction


def send_chunk(sending: Sending, batch: Batch) -> None:
    """Write the records of a batch, and record the outcome of each.

    Raises:
        RequestRefused: Salesforce refused the whole request, and wrote nothing.
    """
    with sending.state.transaction() as tx:
        journal.note(tx, batch, "sending")
        rows = _rows(tx, sending, batch)
    try:
        outcomes = update_records(sending.org, sending.object_name, rows)
    except OutcomeUnknown:
        settle_by_reading(sending, batch)
        return
    except RequestRefused as refused:
        error = RowError.told(refused.code, refused.detail)
        is_one_of_them = error.row_class is RowClass.AUTOMATION  # one record or value is to blame: smaller requests
        if not is_one_of_them and not (error.row_class is RowClass.FIELD and error.field in sending.targets):
            with sending.state.transaction() as tx:
                journal.abandon(tx, batch)
            raise
        settle(sending, batch, {str(row["id"]): error for row in rows})
        return
    settle(sending, batch, {outcome.record_id: outcome.error for outcome in outcomes})


def _rows(tx: Transaction, sending: Sending, batch: Batch) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for record_id, field, value in tx.execute(
        "SELECT record_id, field, new_value FROM ops.batch_cells WHERE batch = $batch ORDER BY position, field",
        {"batch": batch.batch},
    ):
        rows.setdefault(record_id, {"id": record_id})[field] = _json(sending, field, value)
    return list(rows.values())


def _json(sending: Sending, field: str, value: str) -> str | int | float | bool | None:
    kind = sending.targets[field].kind
    if value == "":
        return None
    if kind == "checkbox":
        return value == "true"
    if kind == "number":
        return float(value) if "." in value else int(value)  # at most 15 digits, which a double holds exactly
    return value
