"""ops.sync_runs: a sync is opened once, continued by every later asset, and ends as complete, partial or failed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sf_insights.domain.problems import GuardRefusal, WarehouseProblem
from sf_insights.domain.syncs.days import day_to_sync
from sf_insights.system.clock import now
from sf_insights.warehouse.transaction import Transaction

if TYPE_CHECKING:  # takes a tenth of a second to import, and what only reads needs none of it
    from sf_insights.domain.configuration import AccountFieldSync

GUARDS = ("row-drop", "match-rate", "org-change")


@dataclass(frozen=True)
class Sync:
    """One attempt to sync a day, by the Dagster run `run_id`.

    `since` is the number of the last complete sync of an earlier day (0 if there is none), and `previous_day` is its
    day. Changes are relative to that sync, even if this day was synced before.
    """

    number: int
    run_id: str
    day: date
    opened_at: datetime
    configuration: AccountFieldSync
    accepted: frozenset[str]
    since: int
    previous_day: date | None


def end_died_syncs(tx: Transaction, run_id: str) -> list[tuple[date, str]]:
    """Record as failed all syncs of other runs that are still marked as running; return their days and reasons."""
    return tx.execute(
        "UPDATE ops.sync_runs SET state = 'failed', ended_at = $now, "
        "reason = 'The process ended before the sync was complete.' WHERE state = 'running' AND run_id != $run "
        "RETURNING day, reason",
        {"now": now(), "run": run_id},
    )


def open_sync(
    tx: Transaction,
    *,
    today: Callable[[AccountFieldSync], date],
    run_id: str,
    configuration: AccountFieldSync,
    accepted: Iterable[str],
) -> Sync:
    """Record that a sync begins.

    Args:
        tx: the transaction.
        today: returns today's date in the time zone of a configuration.
        run_id: the id of the Dagster run.
        configuration: the configuration file.
        accepted: the guards that this sync accepts.

    Raises:
        WarehouseProblem: a later day has already been synced.
    """
    day = day_now(tx, configuration, today)
    return begin_sync(tx, day=day, run_id=run_id, configuration=configuration, accepted=accepted)


def day_now(tx: Transaction, configuration: AccountFieldSync, today: Callable[[AccountFieldSync], date]) -> date:
    """Return the day of data that is read now; raises as `day_to_sync`.

    Args:
        tx: the transaction.
        configuration: the configuration file.
        today: returns today's date in the time zone of a configuration.
    """
    last = tx.value("SELECT max(day) FROM ops.sync_runs WHERE state = 'complete'")
    of_last = tx.execute(
        "SELECT configuration FROM ops.sync_runs WHERE state = 'complete' AND day = $day", {"day": last}
    )
    where_last = [today(_configuration(used)) for (used,) in of_last]
    return day_to_sync(today(configuration), last, where_last)


def begin_sync(
    tx: Transaction,
    *,
    day: date,
    run_id: str,
    configuration: AccountFieldSync,
    accepted: Iterable[str],
    **facts: Any,
) -> Sync:
    """Add a running sync; `facts` are values by the column names of ops.sync_runs."""
    number = (tx.value("SELECT max(sync) FROM ops.sync_runs") or 0) + 1
    tx.insert(
        "ops.sync_runs",
        [
            {
                "sync": number,
                "day": day,
                "state": "running",
                "run_id": run_id,
                "configuration": configuration.model_dump_json(by_alias=True, exclude_unset=True),
                "accepted": sorted(accepted),
                "opened_at": now(),
                **facts,
            }
        ],
    )
    return load_sync(tx, number)


def last_complete_sync(tx: Transaction) -> Sync:
    """Return the last complete sync, which analysts see once it is published.

    Raises:
        WarehouseProblem: no sync is complete yet.
    """
    number = tx.value("SELECT max(sync) FROM ops.sync_runs WHERE state = 'complete'")
    if number is None:
        raise WarehouseProblem("Nothing has been synced completely yet.", "Run `sf-insights sync`.")
    return load_sync(tx, number)


def last_planned_sync(tx: Transaction) -> Sync:
    """Return the sync whose plan is in salesforce.selected_fields, complete or not.

    Raises:
        WarehouseProblem: no sync has been planned yet.
    """
    number = tx.value("SELECT max(sync) FROM salesforce.selected_fields")
    if number is None:
        raise WarehouseProblem(
            "No fields have been planned yet.", "Materialize salesforce/selected_fields, or run `sf-insights sync`."
        )
    return load_sync(tx, number)


def load_sync(tx: Transaction, number: int) -> Sync:
    """Return a sync by its number."""
    return sync_of(tx, tx.records("SELECT * FROM ops.sync_runs WHERE sync = $sync", {"sync": number})[0])


def sync_of(tx: Transaction, row: Mapping[str, Any]) -> Sync:
    """Return the sync of a row of ops.sync_runs."""
    before = tx.execute(
        "SELECT sync, day FROM ops.sync_runs WHERE state = 'complete' AND day < $day "
        "ORDER BY day DESC, sync DESC LIMIT 1",
        {"day": row["day"]},
    )
    return Sync(
        number=row["sync"],
        run_id=row["run_id"],
        day=row["day"],
        opened_at=row["opened_at"],
        configuration=_configuration(row["configuration"]),
        accepted=frozenset(row["accepted"]),
        since=before[0][0] if before else 0,
        previous_day=before[0][1] if before else None,
    )


def org_of(tx: Transaction, sync: Sync) -> str | None:
    """Return the id of the org that a sync reads; None before it is connected."""
    org_id: str | None = tx.value("SELECT org_id FROM ops.sync_runs WHERE sync = $sync", {"sync": sync.number})
    return org_id


def record(tx: Transaction, sync: int, **facts: Any) -> None:
    """Update the row of a sync; `facts` are values by the column names of ops.sync_runs."""
    changes = ", ".join(f"{name} = ${name}" for name in facts)
    tx.execute(f"UPDATE ops.sync_runs SET {changes} WHERE sync = $number", {**facts, "number": sync})


def fail_sync(tx: Transaction, run_id: str, reason: str) -> None:
    """Record why the sync of this run was not published. A complete sync stays complete; any other is failed."""
    tx.execute(
        """UPDATE ops.sync_runs SET reason = $reason, ended_at = $now,
                  state = CASE WHEN state = 'complete' THEN state ELSE 'failed' END
           WHERE run_id = $run AND published_at IS NULL""",
        {"now": now(), "reason": reason, "run": run_id},
    )


def leave_sync(tx: Transaction, run_id: str, *, is_partial: bool) -> None:
    """End the sync that a run left open, because it materialized only some assets or a signal stopped it.

    Args:
        tx: the transaction.
        run_id: the id of the Dagster run.
        is_partial: whether the run left out the assets that complete a sync.
    """
    tx.execute(
        "UPDATE ops.sync_runs SET state = $state, ended_at = $now, reason = $reason "
        "WHERE state = 'running' AND run_id = $run",
        {
            "state": "partial" if is_partial else "failed",
            "reason": "The run materialized only some of the assets; the next sync completes the others."
            if is_partial
            else "The run ended before the sync was complete.",
            "now": now(),
            "run": run_id,
        },
    )


def refuse_another_org(tx: Transaction, sync: Sync, org_id: str) -> None:
    """Check that the warehouse and this sync have no data of another org.

    Raises:
        GuardRefusal: the warehouse has data of another org, and the sync does not accept this.
        WarehouseProblem: the sync started with another org.
    """
    held = tx.value("SELECT org_id FROM ops.warehouse")
    if held not in (None, org_id) and "org-change" not in sync.accepted:
        raise GuardRefusal(
            f"The credentials are for the Salesforce org {org_id}, but this warehouse has the data of {held}.",
            "Correct the credentials, use another SF_INSIGHTS_DATA_DIR, or accept this for one run with "
            "`sf-insights sync --accept org-change`.",
        )
    began_with = org_of(tx, sync)
    if began_with not in (None, org_id):
        raise WarehouseProblem(
            f"The credentials are for the Salesforce org {org_id}, but sync {sync.number} read the fields of "
            f"{began_with}.",
            "Materialize all assets, or run `sf-insights sync`.",
        )


def _configuration(used: str) -> AccountFieldSync:
    from sf_insights.domain.configuration import parse_configuration

    return parse_configuration(json.loads(used))
