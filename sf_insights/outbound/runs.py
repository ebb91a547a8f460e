"""The rows of outbound.runs, and which mappings a person accepted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sf_insights.outbound.state import OutboundState
from sf_insights.outbound.values.comparison import Differences
from sf_insights.sql import literal
from sf_insights.system.clock import now
from sf_insights.warehouse.transaction import Transaction

VERIFIED_EVERY = timedelta(days=7)
_DELIVERED = "('complete', 'partial')"
_SINCE_ACCEPTED = "fingerprint = $fingerprint AND started_at >= (SELECT max(accepted_at) FROM ops.acceptances)"
_PREVIEWS = "(state = 'preview' OR (state = 'refused' AND differing IS NOT NULL AND coalesce(written, 0) = 0))"


def begin_run(tx: Transaction, run_id: str, *, is_preview: bool, accepted: Collection[str]) -> int:
    """Add the row of a run and return its number; runs that died are noted as failed."""
    tx.execute(
        "UPDATE outbound.runs SET state = 'failed', ended_at = $now, reason = 'The process ended before the run did.'"
        " WHERE state = 'running'",
        {"now": now()},
    )
    run: int = tx.value("SELECT coalesce(max(run), 0) + 1 FROM outbound.runs")
    tx.insert(
        "outbound.runs",
        [
            {
                "run": run,
                "started_at": now().isoformat(),
                "state": "running",
                "run_id": run_id,
                "is_preview": is_preview,
                "accepted": sorted(accepted),
                "is_verification": False,
            }
        ],
    )
    return run


def note_run(tx: Transaction, run: int, **facts: Any) -> None:
    """Set columns of a run's row."""
    sets = ", ".join(f"{name} = ${name}" for name in facts)
    tx.execute(f"UPDATE outbound.runs SET {sets} WHERE run = $run", {**facts, "run": run})


def note_differences(tx: Transaction, run: int, found: Differences) -> None:
    """Record the numbers of a comparison, with its examples."""
    note_run(
        tx,
        run,
        records=found.records,
        unmatched=found.unmatched,
        differing=found.differing,
        to_write=found.to_write,
        gone=found.gone,
        rejected=found.rejected_cells,
    )
    tx.insert("outbound.run_fields", [{"run": run, **asdict(counts)} for counts in found.fields])
    tx.insert("outbound.samples", [{"run": run, **sample} for sample in found.samples])


def keep_reasons(copy: OutboundState, state: OutboundState, object_name: str, directory: Path) -> None:
    """Take over from a dry run's copy which accounts have no record, and which values their fields cannot hold.

    Neither says that something was sent, and the next run works both out again.
    """
    own_rejects = f"object = {literal(object_name)} AND refused_by = 'sf_insights'"
    for table, which in (("outbound.unsent_accounts", "true"), ("outbound.rejects", own_rejects)):
        file = directory / f"{table}.parquet"
        copy.scratch().execute(f"COPY (FROM {table} WHERE {which}) TO {literal(str(file))} (FORMAT parquet)")
        with state.transaction() as tx:
            tx.execute(f"DELETE FROM {table} WHERE {which}")
            tx.execute(f"INSERT INTO {table} FROM read_parquet({literal(str(file))})")


def is_accepted(tx: Transaction, fingerprint: str) -> bool:
    """Tell whether a person accepted this mapping, and no other one since."""
    return bool(tx.value("SELECT fingerprint FROM ops.acceptances ORDER BY accepted_at DESC LIMIT 1") == fingerprint)


def accept(tx: Transaction, fingerprint: str, run: int) -> None:
    """Note that a person accepted the preview of a run."""
    tx.insert("ops.acceptances", [{"fingerprint": fingerprint, "run": run, "accepted_at": now().isoformat()}])


def previewed_sync(tx: Transaction, fingerprint: str) -> int | None:
    """Return the sync whose values a person saw when accepting this mapping."""
    found: int | None = tx.value(
        "SELECT runs.snapshot_sync FROM ops.acceptances AS accepted JOIN outbound.runs AS runs USING (run)"
        " WHERE accepted.fingerprint = $fingerprint ORDER BY accepted.accepted_at DESC LIMIT 1",
        {"fingerprint": fingerprint},
    )
    return found


def is_first_run(tx: Transaction, fingerprint: str, run: int) -> bool:
    """Tell whether no other run of this mapping has ended since it was accepted, or it is not accepted yet."""
    return not is_accepted(tx, fingerprint) or not tx.value(
        f"SELECT count(*) FROM outbound.runs WHERE run != $run AND NOT is_preview AND {_SINCE_ACCEPTED}",
        {"fingerprint": fingerprint, "run": run},
    )


def previews(tx: Transaction) -> list[dict[str, Any]]:
    """Return the runs that compared everything and wrote nothing, the newest last.

    `fields` are the numbers of values per field, and `is_answered` tells that a person accepted a preview since.
    """
    return tx.records(
        "SELECT runs.*, fields, started_at < (SELECT max(accepted_at) FROM ops.acceptances) IS TRUE AS is_answered"
        " FROM outbound.runs AS runs LEFT JOIN ("
        "SELECT run, list(counts ORDER BY counts.field) AS fields"
        " FROM (SELECT run, struct_pack(field, filled, changed, cleared, equal, edited, conflict, rejected) AS counts"
        " FROM outbound.run_fields) GROUP BY run"
        f") USING (run) WHERE {_PREVIEWS} ORDER BY run"
    )


def last_preview(tx: Transaction) -> Mapping[str, Any] | None:
    """Return the last run that compared everything and wrote nothing, or None."""
    rows = tx.records(f"FROM outbound.runs WHERE {_PREVIEWS} ORDER BY run DESC LIMIT 1")
    return rows[0] if rows else None


def last_delivered(tx: Transaction, fingerprint: str) -> Mapping[str, Any] | None:
    """Return the last run that sent values with this mapping since it was accepted, or None."""
    rows = tx.records(
        f"FROM outbound.runs WHERE state IN {_DELIVERED} AND {_SINCE_ACCEPTED} ORDER BY run DESC LIMIT 1",
        {"fingerprint": fingerprint},
    )
    return rows[0] if rows else None


def has_sent_all(tx: Transaction, fingerprint: str) -> bool:
    """Tell whether a run sent everything with this mapping since it was accepted."""
    sql = f"SELECT count(*) > 0 FROM outbound.runs WHERE state = 'complete' AND {_SINCE_ACCEPTED}"
    return bool(tx.value(sql, {"fingerprint": fingerprint}))


def is_verification_due(tx: Transaction, moment: datetime) -> bool:
    """Tell whether to compare all records with Salesforce again: a week after the last time, or after the first run."""
    last = tx.value(
        "SELECT coalesce(max(started_at) FILTER (is_verification), min(started_at)) FROM outbound.runs"
        f" WHERE state IN {_DELIVERED}"
    )
    return last is not None and moment - last > VERIFIED_EVERY


def org_of(tx: Transaction) -> str | None:
    """Return the id of the org that values were sent to."""
    found: str | None = tx.value("SELECT org_id FROM ops.outbound")
    return found
