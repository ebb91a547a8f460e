"""The sync as a recorded thing: opened once, continued by every later asset, and ended complete or failed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sf_insights.domain.problems import GuardRefusal, WarehouseProblem
from sf_insights.domain.selection import AccountFieldSync, parse_configuration
from sf_insights.resources.settings import now
from sf_insights.resources.warehouse import Transaction

GUARDS = ("row-drop", "match-rate", "org-change")


@dataclass(frozen=True)
class Sync:
    """One attempt to bring a day's accounts in, by the Dagster run `run_id`.

    `since` is the number of the last complete sync of an earlier day (0 when there is none) and `previous_day` its
    day: what this sync does is relative to it, also when the day has been synced before.
    """

    number: int
    run_id: str
    day: date
    opened_at: datetime
    configuration: AccountFieldSync
    accepted: frozenset[str]
    since: int
    previous_day: date | None


def open_sync(
    tx: Transaction, *, day: date, run_id: str, configuration: AccountFieldSync, accepted: Iterable[str]
) -> Sync:
    """Record that a sync begins, and that any earlier one which still seems to run died.

    Raises:
        WarehouseProblem: a later day has been synced, so this one can no longer be.
    """
    tx.execute(
        "UPDATE ops.sync_runs SET state = 'failed', ended_at = $now, "
        "reason = 'The process ended before the sync was complete.' WHERE state = 'running' AND run_id != $run",
        {"now": now(), "run": run_id},
    )
    last = tx.value("SELECT max(day) FROM ops.sync_runs WHERE state = 'complete'")
    if last and day < last:
        raise WarehouseProblem(
            f"{day} cannot be synced any more: {last} already is, and Salesforce keeps no history to fill a day from.",
            f"Sync today instead. If {last} is yet to come, a wrong clock synced it: correct the clock, and bring back "
            "a backup from before with `sf-insights restore`.",
        )
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
            }
        ],
    )
    return _sync(tx, number)


def continue_sync(tx: Transaction, run_id: str, today: Callable[[AccountFieldSync], date] | None = None) -> Sync:
    """The sync of this run; when the run starts further down, a new one of the last landed sync's data and day.

    It gets a number of its own, since the number says from which sync on a row is new: under the old one, what this run
    changes would pass for what the sync after it has already seen.

    Args:
        tx: the transaction.
        run_id: Dagster's run.
        today: the day of a sync that opens now, for a run that reads anew: what is read today is not an earlier day's.

    Raises:
        WarehouseProblem: nothing has been landed that could be continued, or of another day than what is read now.
    """
    own = tx.value("SELECT max(sync) FROM ops.sync_runs WHERE run_id = $run", {"run": run_id})
    if own is not None:
        return _sync(tx, own)
    landed = tx.execute(
        """SELECT sync, salesforce_landed_at IS NOT NULL AND zuora_landed_at IS NOT NULL
                  AND sync = (SELECT max(sync) FROM salesforce.selected_fields)
           FROM ops.sync_runs WHERE salesforce_landed_at IS NOT NULL OR zuora_landed_at IS NOT NULL
           ORDER BY sync DESC LIMIT 1"""
    )
    if not landed or not landed[0][1]:
        raise WarehouseProblem(
            "There is no landed sync to continue: the last one stopped while it planned or read.",
            "Materialize all assets, or run `sf-insights sync`.",
        )
    last = _sync(tx, landed[0][0])
    if today is not None and today(last.configuration) != last.day:
        raise WarehouseProblem(
            f"The last landed sync is of {last.day}, and what is read now is of {today(last.configuration)}.",
            "Materialize all assets, or run `sf-insights sync`.",
        )
    number = tx.value("SELECT max(sync) + 1 FROM ops.sync_runs")
    tx.execute(
        """INSERT INTO ops.sync_runs BY NAME
           SELECT * REPLACE ($number AS sync, $run AS run_id, 'running' AS state, NULL AS reason, $now AS opened_at,
                             NULL AS ended_at, NULL AS published_at, NULL AS matched_accounts,
                             []::VARCHAR[] AS accepted)
           FROM ops.sync_runs WHERE sync = $landed""",
        {"number": number, "run": run_id, "now": now(), "landed": landed[0][0]},
    )
    tx.execute("UPDATE salesforce.selected_fields SET sync = $number", {"number": number})
    for table in ("ops.field_stats", "ops.rejected_values"):
        tx.execute(
            f"INSERT INTO {table} BY NAME SELECT * REPLACE ($number AS sync) FROM {table} WHERE sync = $landed",
            {"number": number, "landed": landed[0][0]},
        )
    return _sync(tx, number)


def own_or_last_complete_sync(tx: Transaction, run_id: str) -> Sync:
    """The sync that this run opened, or else the last complete one.

    Raises:
        WarehouseProblem: none has been complete.
    """
    number = tx.value(
        "SELECT sync FROM ops.sync_runs WHERE run_id = $run OR state = 'complete' "
        "ORDER BY run_id = $run DESC, sync DESC LIMIT 1",
        {"run": run_id},
    )
    if number is None:
        raise WarehouseProblem("Nothing has been synced completely yet.", "Run `sf-insights sync`.")
    return _sync(tx, number)


def _sync(tx: Transaction, number: int) -> Sync:
    row = tx.records("SELECT * FROM ops.sync_runs WHERE sync = $sync", {"sync": number})[0]
    before = tx.execute(
        "SELECT sync, day FROM ops.sync_runs WHERE state = 'complete' AND day < $day "
        "ORDER BY day DESC, sync DESC LIMIT 1",
        {"day": row["day"]},
    )
    return Sync(
        number=number,
        run_id=row["run_id"],
        day=row["day"],
        opened_at=row["opened_at"],
        configuration=parse_configuration(json.loads(row["configuration"])),
        accepted=frozenset(row["accepted"]),
        since=before[0][0] if before else 0,
        previous_day=before[0][1] if before else None,
    )


def org_of(tx: Transaction, sync: Sync) -> str | None:
    """The Salesforce organization that a sync reads, once it is connected."""
    org_id: str | None = tx.value("SELECT org_id FROM ops.sync_runs WHERE sync = $sync", {"sync": sync.number})
    return org_id


def record(tx: Transaction, sync: int, **facts: Any) -> None:
    """Note facts about a sync in its row, by the columns of ops.sync_runs."""
    changes = ", ".join(f"{name} = ${name}" for name in facts)
    tx.execute(f"UPDATE ops.sync_runs SET {changes} WHERE sync = $number", {**facts, "number": sync})


def fail_sync(tx: Transaction, run_id: str, reason: str) -> None:
    """Record that the sync of this run ended without being published: failed, or complete with a reason."""
    tx.execute(
        """UPDATE ops.sync_runs SET reason = $reason, ended_at = $now,
                  state = CASE WHEN state = 'complete' THEN state ELSE 'failed' END
           WHERE run_id = $run AND published_at IS NULL""",
        {"now": now(), "reason": reason, "run": run_id},
    )


def leave_sync(tx: Transaction, run_id: str) -> None:
    """Record that this run ends; a signal between two steps, or a selection without the model, left its sync open."""
    tx.execute(
        "UPDATE ops.sync_runs SET state = 'failed', ended_at = $now, "
        "reason = 'The run ended before the sync was complete.' WHERE state = 'running' AND run_id = $run",
        {"now": now(), "run": run_id},
    )


def refuse_another_org(tx: Transaction, sync: Sync, org_id: str) -> None:
    """See that this warehouse holds this org's data, or nobody's yet.

    Raises:
        GuardRefusal: it holds another org's, and the sync was not told to accept that.
    """
    held = tx.value("SELECT org_id FROM ops.warehouse")
    if held not in (None, org_id) and "org-change" not in sync.accepted:
        raise GuardRefusal(
            f"The credentials lead to the Salesforce org {org_id}, but this warehouse holds the data of {held}.",
            "Correct the credentials, use another SF_INSIGHTS_DATA_DIR, or accept it for one run with "
            "`sf-insights sync --accept org-change`.",
        )


def last_syncs(tx: Transaction, most: int, *, is_held: bool) -> list[dict[str, Any]]:
    """The last syncs, newest first, as people are told of them: `seconds` is None where a clock went back meanwhile.

    Args:
        tx: the warehouse, or the published snapshot.
        most: how many.
        is_held: whether somebody holds the warehouse; if not, nobody works on a sync that seems to run: it died.
    """
    rows = tx.records(
        "SELECT sync, day, state, reason, run_id, accepted, opened_at, ended_at, published_at, matched_accounts, "
        "zuora_accounts, salesforce_accounts, read_by, downgrade_reason, salesforce_api_calls, "
        "CASE WHEN ended_at >= opened_at THEN epoch(ended_at - opened_at) END AS seconds "
        "FROM ops.sync_runs ORDER BY sync DESC LIMIT $most",
        {"most": most},
    )
    for row in rows:
        if row["state"] == "running" and not is_held:
            row |= {"state": "died", "reason": "Its process ended before it was complete; the next sync repairs it."}
    return rows


def day_is_complete(tx: Transaction, day: date) -> bool:
    """Whether a sync of this day has been complete before."""
    return bool(tx.value("SELECT count(*) FROM ops.sync_runs WHERE state = 'complete' AND day = $day", {"day": day}))
