"""What the published outbound file says of runs, refused values and records, for commands and pages."""

from __future__ import annotations

from typing import Any, Literal

from sf_insights.domain.outbound.settings import OutboundSync
from sf_insights.outbound.runs import last_preview
from sf_insights.outbound.state import target_columns
from sf_insights.sql import identifier, literal
from sf_insights.warehouse.transaction import Transaction

Acceptance = Literal["accepted", "waiting", "not previewed"]

REJECT_COLUMNS = (
    "object",
    "record_id",
    "account_id",
    "field",
    "value",
    "class",
    "code",
    "message",
    "refused_by",
    "first_seen",
    "last_tried",
    "tries",
    "held_until",
)
_LEFT_BEHIND = (
    "outbound.sent_values AS sent ANTI JOIN (FROM outbound.account_records WHERE left_at IS NULL)"
    " USING (object, record_id)"
    " ANTI JOIN outbound.leaving_records USING (object, record_id)"
)


def acceptance(tx: Transaction, outbound: OutboundSync, select: str | None) -> Acceptance:
    """Tell whether runs may write with this mapping, wait for a person, or need a preview first."""
    mapping = outbound.fingerprint(select)
    accepted = tx.value("SELECT fingerprint FROM ops.acceptances ORDER BY accepted_at DESC LIMIT 1")
    if accepted and str(accepted).startswith(mapping):
        return "accepted"
    preview = last_preview(tx)
    if preview and str(preview["fingerprint"]).startswith(mapping):
        return "waiting"
    return "not previewed"


def accepted_at(tx: Transaction) -> Any:
    """Return when a person last accepted a preview, None if nobody did."""
    return tx.value("SELECT max(accepted_at) FROM ops.acceptances")


def last_runs(tx: Transaction, most: int) -> list[dict[str, Any]]:
    """Return the last runs, newest first, with their `seconds`."""
    return tx.records(
        "SELECT *, epoch(ended_at - started_at) AS seconds FROM outbound.runs ORDER BY run DESC LIMIT $most",
        {"most": most},
    )


def run_fields(tx: Transaction, run: int) -> list[dict[str, Any]]:
    """Return what a run found for each field: numbers of values."""
    return tx.records("SELECT * EXCLUDE (run) FROM outbound.run_fields WHERE run = $run", {"run": run})


def samples(tx: Transaction, run: int) -> list[dict[str, Any]]:
    """Return up to ten values per field that a run would write or has written."""
    return tx.records(
        "SELECT samples.* EXCLUDE (run) FROM outbound.samples AS samples JOIN (SELECT run, field, rowid AS place FROM"
        " outbound.run_fields) AS fields USING (run, field) WHERE run = $run ORDER BY fields.place, record_id",
        {"run": run},
    )


def unsent_accounts(tx: Transaction) -> list[dict[str, Any]]:
    """Return how many accounts have no record to write to, by status, each with an example of the reason."""
    return tx.records(
        "SELECT status, count(*) AS accounts, arg_min(reason, (length(reason), account_id)) AS reason"
        " FROM outbound.unsent_accounts GROUP BY status ORDER BY accounts DESC, status"
    )


def held_values(tx: Transaction) -> list[dict[str, Any]]:
    """Return how many values are held back, by class and field, each with an example of the reason."""
    return tx.records(
        "SELECT class, field, count(*) AS cells, arg_min(message, record_id) AS message,"
        " arg_min(value, record_id) AS example, min(first_seen) AS since, min(held_until) AS held_until"
        " FROM outbound.rejects GROUP BY class, field ORDER BY cells DESC, class, field"
    )


def count_rejects(tx: Transaction) -> int:
    """Return the number of values that are held back."""
    count: int = tx.value("SELECT count(*) FROM outbound.rejects")
    return count


def rejects(tx: Transaction, most: int | None = None) -> list[dict[str, Any]]:
    """Return the values that are held back, those that were refused last first; `account_id` is one of the record's."""
    listed = ", ".join(identifier(name) for name in REJECT_COLUMNS)
    return tx.records(
        f"SELECT {listed} FROM outbound.rejects LEFT JOIN (SELECT object, record_id, min(account_id) AS account_id"
        " FROM outbound.account_records WHERE left_at IS NULL GROUP BY object, record_id) USING (object, record_id)"
        " ORDER BY last_tried DESC, class, field, record_id LIMIT $most",
        {"most": most},
    )


def paused_fields(tx: Transaction, object_name: str) -> list[dict[str, Any]]:
    """Return the fields that cannot be written now, with the reasons."""
    return tx.records(
        "SELECT field, reason, since FROM outbound.paused_fields WHERE object = $object ORDER BY field",
        {"object": object_name},
    )


def left_behind(tx: Transaction, most: int) -> tuple[int, list[dict[str, Any]]]:
    """Return the number of records that keep our values although no account stands for them, and some of them."""
    targets = target_columns(tx)
    if not targets:
        return 0, []
    fields = ", ".join(f"CASE WHEN {identifier(name)} != '' THEN {literal(name)} END" for name in targets)
    left = (
        f"FROM (SELECT object, record_id, sent_at, list_filter([{fields}], lambda name: name IS NOT NULL) AS fields"
        f" FROM {_LEFT_BEHIND}) WHERE len(fields) > 0"
    )
    some = tx.records(f"{left} ORDER BY sent_at DESC, record_id LIMIT $most", {"most": most})
    return tx.value(f"SELECT count(*) {left}"), some


def last_previewed(tx: Transaction) -> int | None:
    """Return the number of the run that `accept` would accept."""
    preview = last_preview(tx)
    return None if preview is None else int(preview["run"])


def facts(tx: Transaction, run: int | None = None) -> dict[str, Any]:
    """Return a run with its numbers per field and its examples; without a number the newest that compared values.

    {} if none did. A page that waits for an acceptance names the preview that `accept` would accept.
    """
    which = "run = $run" if run is not None else "differing > 0 OR state = 'preview'"
    parameters = None if run is None else {"run": run}
    runs = tx.records(f"FROM outbound.runs WHERE {which} ORDER BY run DESC LIMIT 1", parameters)
    if not runs:
        return {}
    [compared] = runs
    return {"run": compared, "fields": run_fields(tx, compared["run"]), "samples": samples(tx, compared["run"])}
