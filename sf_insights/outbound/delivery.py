"""Send the planned batches, and record what became of each cell before the next batch goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sf_insights.domain.outbound.row_errors import HELD_FOR, TRIED_AGAIN_AT_ONCE, RowClass, RowError
from sf_insights.domain.outbound.targets import Target
from sf_insights.domain.problems import ConnectionProblem, GuardRefusal
from sf_insights.outbound import journal, results
from sf_insights.outbound.journal import Batch
from sf_insights.outbound.present import read_present
from sf_insights.outbound.state import OutboundState
from sf_insights.salesforce.errors import RequestRefused, refused_field
from sf_insights.salesforce.ingest_job import IngestJob
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.salesforce.record_updates import MOST_UPDATED, update_records
from sf_insights.sql import render
from sf_insights.system.clock import now
from sf_insights.system.signals import pause, refuse_stopped
from sf_insights.transport.retry import DoubtfulAnswer, OutcomeUnknown
from sf_insights.warehouse.transaction import Transaction

CHUNKS = (MOST_UPDATED, 25, 1, 1)
"""Records per request of Collections in the first try of a refused record, and in those after it."""

LONGEST_JOB_SECONDS = 7200.0
_JUDGED_AFTER = 1000  # records, before the share of rejected ones says anything
_LONGEST_PAUSE = 10.0


@dataclass
class Tally:
    """What has become of the records that were sent."""

    written: int = 0
    rejected: int = 0

    @property
    def records(self) -> int:
        return self.written + self.rejected


class Delivery:
    """Sends the batches of one run.

    `targets` are the mapped fields by name, `described` all fields of the object, `tell` takes lines for the log.
    """

    def __init__(
        self,
        state: OutboundState,
        org: SalesforceOrg,
        *,
        run: int,
        object_name: str,
        targets: Mapping[str, Target],
        described: Iterable[str],
        directory: Path,
        snapshot_sync: int,
        max_rejected: float,
        reads_back: bool,
        tell: Callable[[str], None],
    ) -> None:
        self._state = state
        self._org = org
        self._run = run
        self._object = object_name
        self._targets = targets
        self._described = tuple(described)
        self._directory = directory
        self._snapshot_sync = snapshot_sync
        self._max_rejected = max_rejected
        self._reads_back = reads_back
        self._tell = tell
        self.tally = Tally()
        self._fingerprints = {name: target.fingerprint for name, target in targets.items()}

    # Sending

    def send_all(self) -> Tally:
        """Send every planned batch, then those that the answers add.

        Raises:
            GuardRefusal: too many records are refused, or the first ones hold other values than were sent.
            ConnectionProblem: Salesforce cannot be reached, or allows no more calls.
        """
        while True:
            with self._state.transaction() as tx:
                planned = [batch for batch in journal.unsettled(tx) if batch.state == "planned"]
            if not planned:
                return self.tally
            refuse_stopped()
            batch = planned[0]
            if batch.round:
                pause(min(self._org.retry.first_wait * 2.0 ** (batch.round - 1), _LONGEST_PAUSE))
            if batch.channel == "bulk":
                self._send_job(batch)
            else:
                self._send_chunk(batch)
            if batch.is_first and self._reads_back:
                self._read_back(batch)
            self._refuse_rejected()

    def _send_chunk(self, batch: Batch) -> None:
        with self._state.transaction() as tx:
            journal.note(tx, batch, "sending")
            rows = self._rows(tx, batch)
        try:
            said = update_records(self._org, self._object, rows)
        except OutcomeUnknown:
            self.settle_by_reading(batch)
            return
        except RequestRefused as refused:
            # Salesforce wrote nothing. When it names a field, the others go again without it.
            error = RowError(refused.code, refused.detail, refused_field(refused))
            if error.row_class is not RowClass.FIELD or error.field is None:
                with self._state.transaction() as tx:
                    journal.abandon(tx, batch)
                raise
            self._settle(batch, {str(row["id"]): error for row in rows})
            return
        self._settle(batch, {outcome.record_id: outcome.error for outcome in said})

    def _rows(self, tx: Transaction, batch: Batch) -> list[dict[str, Any]]:
        rows: dict[str, dict[str, Any]] = {}
        for record_id, field, value in tx.execute(
            "SELECT record_id, field, new_value FROM ops.batch_cells WHERE batch = $batch ORDER BY position, field",
            {"batch": batch.batch},
        ):
            rows.setdefault(record_id, {"id": record_id})[field] = self._json(field, value)
        return list(rows.values())

    def _json(self, field: str, value: str) -> str | int | float | bool | None:
        target = self._targets.get(field)
        if value == "":
            return None
        if target is not None and target.kind == "checkbox":
            return value == "true"
        if target is not None and target.kind == "number":
            return float(value) if "." in value else int(value)  # at most 15 digits, which a double holds exactly
        return value

    def _send_job(self, batch: Batch) -> None:
        csv = self._directory / f"batch-{batch.batch:06}.csv"
        with self._state.transaction() as tx:
            journal.note(tx, batch, "creating")
            fields = self._write_csv(tx, batch, csv)
        job: IngestJob | None = None
        try:
            job = self._created(batch)
            with self._state.transaction() as tx:
                journal.note(tx, batch, "created", job_id=job.id)
            try:
                job.upload(csv)
            except DoubtfulAnswer as broken:
                raise ConnectionProblem(f"{broken}.", "The next run sends these records again.") from None
            with self._state.transaction() as tx:
                journal.note(tx, batch, "uploaded")
            job.start()
        except BaseException:
            # An open job writes nothing, so it is safe to remove; a started one is taken up by the next run.
            if job is not None and job.state == "Open":
                job.remove()
                with self._state.transaction() as tx:
                    journal.abandon(tx, batch)
            raise
        finally:
            csv.unlink(missing_ok=True)
        with self._state.transaction() as tx:
            journal.note(tx, batch, "closed")
        self._tell(f"job {job.id}: {batch.records} records, fields {', '.join(fields)}")
        job.wait(LONGEST_JOB_SECONDS)
        self.collect(batch, job)

    def _created(self, batch: Batch) -> IngestJob:
        began = now()
        try:
            return IngestJob.created(self._org, self._object)
        except OutcomeUnknown as unknown:
            # The job may be there, open and empty. Nothing runs it, so remove it, and let the next run send the records.
            results.remove_leftovers(self._org, self._object, began, now())
            with self._state.transaction() as tx:
                journal.abandon(tx, batch)
            raise unknown.trouble.lasting("tries: 1") from None

    def _write_csv(self, tx: Transaction, batch: Batch, csv: Path) -> list[str]:
        fields = [
            name
            for (name,) in tx.execute(
                "SELECT DISTINCT field FROM ops.batch_cells WHERE batch = $batch ORDER BY 1", {"batch": batch.batch}
            )
        ]
        tx.execute(render("outbound/batch_csv", batch=batch.batch, fields=fields, file=str(csv)))
        return fields

    # Outcomes

    def collect(self, batch: Batch, job: IngestJob) -> None:
        """Record the results of a job that has ended, then remove it. What it does not mention is read."""
        with self._state.transaction() as tx:
            current = next(found for found in journal.unsettled(tx) if found.batch == batch.batch)
        found = results.download_results(self._state, job, self._directory)
        errors = {text: RowError.parse(text) for text in found.error_texts}
        blamed = results.field_named_by(job.error)
        if job.state == "Failed" and blamed is None and found.unprocessed and not found.processed:
            job.remove()
            self._settle(current, {}, left_out=True)
            raise ConnectionProblem(
                f"Salesforce failed the job {job.id}: {job.error or 'it gives no reason'}.",
                "Nothing of it was written; the next run sends these records again.",
            )
        said: dict[str, RowError | None] = {}
        for record_id, text in found.rows():
            said[record_id] = errors[text] if text is not None else None
        if blamed is not None:
            for record_id in found.unprocessed_ids():
                said.setdefault(record_id, RowError("INVALID_FIELD", job.error, blamed))
        self._settle(current, said, again=set(found.unprocessed_ids()) - set(said), reads_missing=True)
        job.remove()
        with self._state.transaction() as tx:
            journal.forget_job(tx, job.id)

    def settle_by_reading(self, batch: Batch) -> None:
        """Find out what became of a batch by what the records hold now."""
        said, again = self._read_outcomes(batch, None)
        self._settle(batch, said, again=again)

    def _read_outcomes(self, batch: Batch, only: set[str] | None) -> tuple[dict[str, RowError | None], set[str]]:
        """Read records of a batch: those that hold every new value were written; the others are compared anew."""
        tx = self._state.scratch()
        chosen = f"SELECT DISTINCT record_id FROM ops.batch_cells WHERE batch = {batch.batch}"
        if only is not None:
            tx.execute("CREATE OR REPLACE TEMP TABLE missing (record_id VARCHAR)")
            tx.insert("missing", [{"record_id": id_} for id_ in sorted(only)])
            chosen += " AND record_id IN (SELECT record_id FROM missing)"
        fields = [name for name in self._targets if self._is_in(tx, batch, name)]
        read_present(self._state, self._org, self._object, self._described, fields, self._directory, chosen)
        targets = [self._targets[name] for name in fields]
        rows = tx.execute(render("outbound/read_outcomes", batch=batch.batch, targets=targets, chosen=chosen))
        said: dict[str, RowError | None] = {}
        again = set()
        for record_id, is_gone, is_written in rows:
            if is_gone:
                said[record_id] = RowError("ENTITY_IS_DELETED", "entity is deleted")
            elif is_written:
                said[record_id] = None
            else:
                again.add(record_id)
        return said, again

    def _is_in(self, tx: Transaction, batch: Batch, name: str) -> bool:
        sql = "SELECT count(*) FROM ops.batch_cells WHERE batch = $batch AND field = $field"
        return bool(tx.value(sql, {"batch": batch.batch, "field": name}))

    def _settle(
        self,
        batch: Batch,
        said: Mapping[str, RowError | None],
        *,
        again: Iterable[str] = (),
        reads_missing: bool = False,
        left_out: bool = False,
    ) -> None:
        """Record the outcome of each record: None means written. Records in `again` wait for the next comparison.

        Args:
            batch: the batch.
            said: the errors by record.
            again: records that were certainly not written.
            reads_missing: whether to read the records that `said` and `again` leave out.
            left_out: whether nothing of the batch was written.
        """
        again = set(again)
        if reads_missing:
            with self._state.transaction() as tx:
                all_ids = {
                    id_
                    for (id_,) in tx.execute(
                        "SELECT DISTINCT record_id FROM ops.batch_cells WHERE batch = $batch", {"batch": batch.batch}
                    )
                }
            missing = all_ids - set(said) - again
            if missing:
                self._tell(f"the results leave out {len(missing)} records, which are read now")
                read, unwritten = self._read_outcomes(batch, missing)
                said = {**said, **read}
                again |= unwritten
        moment = now()
        with self._state.transaction() as tx:
            if left_out:
                journal.abandon(tx, batch)
                return
            self._record(tx, batch, said, moment)

    def _record(self, tx: Transaction, batch: Batch, said: Mapping[str, RowError | None], moment: datetime) -> None:
        cells: dict[str, list[str]] = defaultdict(list)
        failed = {id_ for id_, error in said.items() if error is not None}
        tx.execute(
            "CREATE OR REPLACE TEMP TABLE outcomes (record_id VARCHAR, field VARCHAR, outcome VARCHAR, class VARCHAR,"
            " code VARCHAR, message VARCHAR, held_until TIMESTAMPTZ)"
        )
        for record_id, field in tx.execute(
            "SELECT record_id, field FROM ops.batch_cells WHERE batch = $batch", {"batch": batch.batch}
        ):
            if record_id in failed:
                cells[record_id].append(field)
        tx.execute("CREATE OR REPLACE TEMP TABLE written (record_id VARCHAR)")
        tx.insert("written", [{"record_id": id_} for id_ in said if id_ not in failed])
        tx.execute(
            "INSERT INTO outcomes SELECT record_id, field, 'written', NULL, NULL, NULL, NULL FROM ops.batch_cells"
            " SEMI JOIN written USING (record_id) WHERE batch = $batch",
            {"batch": batch.batch},
        )
        outcomes, retried, gone = [], set(), set()
        for record_id in sorted(failed):
            error = said[record_id]
            assert error is not None  # noqa: S101 - `failed` has these alone
            row_class = error.row_class
            if row_class is RowClass.QUOTA:
                continue
            if row_class is RowClass.FIELD and error.field in self._targets:
                self._pause_field(tx, str(error.field), error, moment)
                retried.add((record_id, error.field))
                continue
            if (
                row_class in TRIED_AGAIN_AT_ONCE
                and batch.round + 1 < len(CHUNKS)
                and not (
                    row_class is RowClass.AUTOMATION and batch.channel == "collections" and CHUNKS[batch.round] == 1
                )
            ):
                retried.add((record_id, None))
                continue
            if row_class is RowClass.GONE:
                gone.add(record_id)
            blamed = cells[record_id]
            if row_class is RowClass.VALUE and error.field in blamed and len(blamed) > 1:
                blamed = [str(error.field)]
                retried.add((record_id, error.field))
            held = HELD_FOR.get(row_class, timedelta(days=1))
            outcomes += [
                {
                    "record_id": record_id,
                    "field": field,
                    "outcome": "rejected",
                    "class": row_class.value,
                    "code": error.code,
                    "message": error.message,
                    "held_until": None if held is None else (moment + held).isoformat(),
                }
                for field in blamed
            ]
        tx.insert("outcomes", outcomes)
        self._plan_again(tx, batch, retried)
        tx.insert(
            "outbound.gone_records",
            [
                {
                    "object": batch.object,
                    "record_id": id_,
                    "snapshot_sync": self._snapshot_sync,
                    "since": moment.isoformat(),
                }
                for id_ in sorted(gone)
            ],
        )
        journal.settle(tx, batch, self._run, self._fingerprints, moment)
        tx.execute("DROP TABLE outcomes")
        tx.execute("DROP TABLE written")
        self.tally.written += len(said) - len(failed)
        self.tally.rejected += len({row["record_id"] for row in outcomes})
        if any(error is not None and error.row_class is RowClass.QUOTA for error in said.values()):
            self._stop_for_quota = True

    _stop_for_quota = False

    def _plan_again(self, tx: Transaction, batch: Batch, retried: set[tuple[str, str | None]]) -> None:
        """Plan smaller batches of refused records, without the fields that are to blame."""
        if not retried:
            return
        tx.execute("CREATE OR REPLACE TEMP TABLE again (record_id VARCHAR, without VARCHAR)")
        tx.insert("again", [{"record_id": id_, "without": field} for id_, field in sorted(retried, key=str)])
        tx.execute(
            "CREATE OR REPLACE TEMP TABLE planned AS SELECT lpad(cell.position::VARCHAR, 12, '0') AS sibling,"
            " cell.record_id, cell.account_id, cell.field, cell.old_value, cell.new_value, cell.reason"
            " FROM ops.batch_cells AS cell JOIN again USING (record_id)"
            " WHERE cell.batch = $batch AND cell.field IS DISTINCT FROM again.without",
            {"batch": batch.batch},
        )
        tx.execute("DROP TABLE again")
        round_ = batch.round + 1 if batch.round + 1 < len(CHUNKS) else batch.round
        journal.plan_batches(
            tx,
            run=self._run,
            object_name=batch.object,
            channel="collections",
            size=CHUNKS[round_],
            round_=round_,
        )

    def _pause_field(self, tx: Transaction, field: str, error: RowError, moment: datetime) -> None:
        if tx.value(
            "SELECT count(*) FROM outbound.paused_fields WHERE object = $object AND field = $field",
            {"object": self._object, "field": field},
        ):
            return
        reason = f"Salesforce refuses to write it ({error.code}: {error.message})"
        tx.insert(
            "outbound.paused_fields",
            [{"object": self._object, "field": field, "reason": reason, "since": moment.isoformat()}],
        )
        self._tell(f"{field} is paused: {reason}")

    def _refuse_rejected(self) -> None:
        if self._stop_for_quota:
            raise ConnectionProblem(
                "Salesforce allows no more calls or batches today.",
                "The next run sends the rest, when the rolling 24 hours have room again.",
            )
        tally = self.tally
        if tally.records >= _JUDGED_AFTER and tally.rejected > self._max_rejected * tally.records:
            raise GuardRefusal(
                f"Salesforce refused {tally.rejected} of the first {tally.records} records, which is more than"
                f" max_rejected ({self._max_rejected:.0%}).",
                "See `sf-insights outbound rejects`; `--accept rejected` lets one run pass.",
            )

    def _read_back(self, batch: Batch) -> None:
        """Compare what the first records hold with what was sent, before thousands follow."""
        tx = self._state.scratch()
        tx.execute(
            "CREATE OR REPLACE TEMP TABLE first_sent AS SELECT record_id, field, new_value FROM outbound.changes"
            " WHERE run = $run AND outcome = 'written'",
            {"run": self._run},
        )
        fields = [name for (name,) in tx.execute("SELECT DISTINCT field FROM first_sent ORDER BY 1")]
        if not fields:
            return
        chosen = "SELECT DISTINCT record_id FROM first_sent"
        read_present(self._state, self._org, self._object, self._described, fields, self._directory, chosen)
        targets = [self._targets[name] for name in fields]
        other = tx.execute(render("outbound/read_back", targets=targets))
        if other:
            record_id, field = other[0]
            raise GuardRefusal(
                f"{field} of {record_id} holds another value than was sent a moment ago; a trigger or flow of the org"
                " changes it.",
                f"Nothing else was sent. Look at the automations on {self._object}, or remove the entry;"
                " `--accept stored` lets one run pass.",
            )
