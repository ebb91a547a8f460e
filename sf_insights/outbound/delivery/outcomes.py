"""Record what became of each cell of a batch, by what Salesforce said or by what the records hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sf_insights.domain.outbound.limits import MOST_BY_COLLECTIONS
from sf_insights.domain.outbound.row_errors import HELD_FOR, RowError
from sf_insights.domain.outbound.verdicts import CHUNKS, Verdict, verdict
from sf_insights.outbound.delivery import journal
from sf_insights.outbound.delivery.journal import Batch
from sf_insights.outbound.delivery.sending import Sending
from sf_insights.outbound.described import forget_describes
from sf_insights.sql import render
from sf_insights.system.clock import now
from sf_insights.warehouse.transaction import Transaction

Said = Mapping[str, RowError | None]
"""What is known of each record: the error, or None if it was written. Other records were certainly not written."""

_GONE = RowError("ENTITY_IS_DELETED", "entity is deleted")
_A_DAY = timedelta(days=1)


def settle(sending: Sending, batch: Batch, said: Said) -> None:
    """End a batch. Cells of records that `said` leaves out are forgotten: they still differ, and are compared anew."""
    moment = now()
    with sending.state.transaction() as tx:
        _note_written(tx, batch, said)
        verdicts = _verdicts(tx, sending, batch, said)
        rejected = _note_rejected(tx, said, verdicts, moment)
        _note_paused(tx, sending, said, verdicts, moment)
        _note_gone(tx, sending, batch, verdicts, moment)
        _plan_again(tx, sending, batch, verdicts)
        for field in {found.paused for found in verdicts.values() if found.paused}:
            journal.forget_field(tx, batch.object, field)
        fingerprints = {name: target.fingerprint for name, target in sending.targets.items()}
        journal.settle(tx, batch, sending.run, fingerprints, moment)
        tx.execute("DROP TABLE outcomes")
    sending.tally.written += sum(1 for error in said.values() if error is None)
    sending.tally.rejected += len({row["record_id"] for row in rejected})
    sending.tally.rejected_values += len(rejected)
    sending.tally.is_over_quota |= any(found.stops_the_run for found in verdicts.values())


def settle_by_reading(sending: Sending, batch: Batch) -> None:
    """End a batch without an answer: the records that hold what was sent were written."""
    settle(sending, batch, read_outcomes(sending, batch, None))


def read_outcomes(sending: Sending, batch: Batch, only: Collection[str] | None) -> dict[str, RowError | None]:
    """Read records of a batch, all or some, and return those that hold every value that was sent, or are gone."""
    tx = sending.state.scratch()
    chosen = f"SELECT DISTINCT record_id FROM ops.batch_cells WHERE batch = {batch.batch}"
    if only is not None:
        tx.execute("CREATE OR REPLACE TEMP TABLE missing (record_id VARCHAR)")
        tx.insert("missing", [{"record_id": id_} for id_ in sorted(only)])
        chosen += " AND record_id IN (SELECT record_id FROM missing)"
    fields = [name for name in _fields_of(tx, batch) if name in sending.targets]
    if not fields:
        return {}  # none of the fields can be read any more, so the records are compared without them
    sending.read_present(fields, chosen)
    targets = [sending.targets[name] for name in fields]
    rows = tx.execute(render("outbound/read_outcomes", batch=batch.batch, targets=targets, chosen=chosen))
    return {record_id: _GONE if is_gone else None for record_id, is_gone, is_written in rows if is_gone or is_written}


def records_of(tx: Transaction, batch: Batch) -> set[str]:
    """Return the ids of a batch's records."""
    sql = "SELECT DISTINCT record_id FROM ops.batch_cells WHERE batch = $batch"
    return {id_ for (id_,) in tx.execute(sql, {"batch": batch.batch})}


def _fields_of(tx: Transaction, batch: Batch) -> list[str]:
    sql = "SELECT DISTINCT field FROM ops.batch_cells WHERE batch = $batch ORDER BY 1"
    return [name for (name,) in tx.execute(sql, {"batch": batch.batch})]


def _note_written(tx: Transaction, batch: Batch, said: Said) -> None:
    tx.execute(
        "CREATE OR REPLACE TEMP TABLE outcomes (record_id VARCHAR, field VARCHAR, outcome VARCHAR, class VARCHAR,"
        " code VARCHAR, message VARCHAR, held_until TIMESTAMPTZ)"
    )
    tx.execute("CREATE OR REPLACE TEMP TABLE written (record_id VARCHAR)")
    tx.insert("written", [{"record_id": id_} for id_, error in said.items() if error is None])
    tx.execute(
        "INSERT INTO outcomes BY NAME SELECT record_id, field, 'written' AS outcome FROM ops.batch_cells"
        " SEMI JOIN written USING (record_id) WHERE batch = $batch",
        {"batch": batch.batch},
    )
    tx.execute("DROP TABLE written")


def _verdicts(tx: Transaction, sending: Sending, batch: Batch, said: Said) -> dict[str, Verdict]:
    """Return what to do with each refused record."""
    refused = {id_: error for id_, error in said.items() if error is not None}
    if not refused:
        return {}
    fields: dict[str, list[str]] = defaultdict(list)
    sql = "SELECT record_id, field FROM ops.batch_cells WHERE batch = $batch ORDER BY field"
    for record_id, field in tx.execute(sql, {"batch": batch.batch}):
        if record_id in refused:
            fields[record_id].append(field)
    was_alone = batch.channel == "collections" and batch.records == 1
    return {
        record_id: verdict(error, fields[record_id], sending.targets.keys(), tries=batch.round + 1, was_alone=was_alone)
        for record_id, error in refused.items()
    }


def _note_rejected(
    tx: Transaction, said: Said, verdicts: Mapping[str, Verdict], moment: datetime
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for record_id, found in verdicts.items():
        error = said[record_id]
        if error is None:
            continue
        held = HELD_FOR.get(error.row_class, _A_DAY)
        rows += [
            {
                "record_id": record_id,
                "field": field,
                "outcome": "rejected",
                "class": error.row_class.value,
                "code": error.code,
                "message": error.message,
                "held_until": None if held is None else (moment + held).isoformat(),
            }
            for field in found.rejected
        ]
    tx.insert("outcomes", rows)
    return rows


def _note_paused(
    tx: Transaction, sending: Sending, said: Said, verdicts: Mapping[str, Verdict], moment: datetime
) -> None:
    errors = {found.paused: said[record_id] for record_id, found in verdicts.items() if found.paused}
    sql = "SELECT field FROM outbound.paused_fields WHERE object = $object"
    known = {name for (name,) in tx.execute(sql, {"object": sending.object_name})}
    for field, error in errors.items():
        if error is None or field in known:
            continue
        reason = f"Salesforce refuses to write it ({error.code}: {error.message})"
        row = {"object": sending.object_name, "field": field, "reason": reason, "since": moment.isoformat()}
        tx.insert("outbound.paused_fields", [row])
        forget_describes(tx)  # the next run looks whether the user may write it
        sending.tell(f"{field} is paused: {reason}")


def _note_gone(
    tx: Transaction, sending: Sending, batch: Batch, verdicts: Mapping[str, Verdict], moment: datetime
) -> None:
    tx.insert(
        "outbound.gone_records",
        [
            {
                "object": batch.object,
                "record_id": record_id,
                "snapshot_sync": sending.snapshot_sync,
                "since": moment.isoformat(),
            }
            for record_id, found in verdicts.items()
            if found.is_gone
        ],
    )


def _plan_again(tx: Transaction, sending: Sending, batch: Batch, verdicts: Mapping[str, Verdict]) -> None:
    """Plan to send refused records again: without the field that is to blame, or else in smaller requests."""
    again = {record_id: found for record_id, found in verdicts.items() if found.again}
    without = {id_: str(found.paused or found.rejected[0]) for id_, found in again.items() if found.names_the_culprit}
    if without:
        _plan(tx, sending, batch, without, batch.round)
    if smaller := dict.fromkeys(again.keys() - without.keys()):
        _plan(tx, sending, batch, smaller, min(batch.round + 1, len(CHUNKS) - 1))


def _plan(tx: Transaction, sending: Sending, batch: Batch, again: Mapping[str, str | None], round_: int) -> None:
    """Plan records again, each without a field. A second job takes the records of a job, if there are still many."""
    tx.execute("CREATE OR REPLACE TEMP TABLE again (record_id VARCHAR, without VARCHAR)")
    tx.insert("again", [{"record_id": record_id, "without": field} for record_id, field in again.items()])
    tx.execute(
        "CREATE OR REPLACE TEMP TABLE planned AS SELECT lpad(CAST(cell.position AS VARCHAR), 12, '0') AS sibling,"
        " cell.record_id, cell.account_id, cell.field, cell.old_value, cell.new_value, cell.reason"
        " FROM ops.batch_cells AS cell JOIN again USING (record_id)"
        " WHERE cell.batch = $batch AND cell.field IS DISTINCT FROM again.without",
        {"batch": batch.batch},
    )
    tx.execute("DROP TABLE again")
    is_job = batch.channel == "bulk" and round_ == 0 and len(again) > MOST_BY_COLLECTIONS
    journal.plan_batches(
        tx,
        run=sending.run,
        object_name=batch.object,
        channel="bulk" if is_job else "collections",
        size=batch.records if is_job else CHUNKS[round_],
        round_=round_,
    )
