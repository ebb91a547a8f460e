"""Choose the sync for a run that materializes only some assets.

A run continues its own sync. If it has none, it opens a new sync that takes over the finished stages of an earlier
one. It cannot reuse the earlier number, because the next sync would then miss its changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.problems import WarehouseProblem
from sf_insights.domain.syncs.stages import (
    CATALOG,
    MATCHES,
    MODEL,
    PLAN,
    SALESFORCE,
    ZUORA,
    Stage,
    kept,
    may_go_on,
    refuse_missing,
)
from sf_insights.warehouse.syncs import syncs
from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction

# The columns of ops.sync_runs that each stage fills. The stage is done if the first of them is filled.
_FACTS = {
    CATALOG: ("describe_fingerprint", "org_id"),
    SALESFORCE: (
        "salesforce_landed_at",
        "salesforce_read_at",
        "read_by",
        "downgrade_reason",
        "salesforce_accounts",
        "salesforce_records",
        "salesforce_record_count",
    ),
    ZUORA: ("zuora_landed_at", "zuora_accounts"),
    MATCHES: ("matched_accounts",),
}
_BY_SYNC = ("ops.field_stats", "ops.rejected_values")


def sync_for(
    tx: Transaction,
    stage: Stage,
    run_id: str,
    *,
    accepted: Iterable[str],
    configuration: Callable[[], AccountFieldSync],
    today: Callable[[AccountFieldSync], date],
) -> Sync:
    """Return the sync in which a run does a stage; open one if necessary.

    Args:
        tx: the transaction.
        stage: the stage that the run is about to do.
        run_id: the id of the Dagster run.
        accepted: the guards that this run accepts.
        configuration: loads the configuration file, if the fields are planned again.
        today: returns today's date in the time zone of a configuration.

    Raises:
        WarehouseProblem: a stage that this one needs is not done, or was done on an earlier day.
    """
    own = _last(tx, "run_id = $run", {"run": run_id})
    done = _done(tx, own)
    if own and may_go_on(done, stage):
        refuse_missing(done, stage)
        return syncs.sync_of(tx, own)
    if stage is PLAN:
        base = _last(tx, "describe_fingerprint IS NOT NULL")
    else:
        base = _last(tx, "sync = (SELECT max(sync) FROM salesforce.selected_fields)")
    refuse_missing(_done(tx, base), stage)
    settings = configuration() if stage is PLAN else syncs.sync_of(tx, base).configuration
    if stage.reads and base["day"] != (day := syncs.day_now(tx, settings, today)):
        raise WarehouseProblem(
            f"{stage.asset} would continue the sync of {base['day']}, but would read data of {day}.",
            "Materialize all assets, or run `sf-insights sync`.",
        )
    return _taken_over(tx, base, kept(_done(tx, base), stage), run_id, accepted, settings)


def _last(tx: Transaction, condition: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the last row of ops.sync_runs that meets the condition; {} if there is none."""
    rows = tx.records(f"SELECT * FROM ops.sync_runs WHERE {condition} ORDER BY sync DESC LIMIT 1", parameters)
    return rows[0] if rows else {}


def _done(tx: Transaction, row: Mapping[str, Any]) -> frozenset[Stage]:
    """Return the stages that a sync has done or taken over."""
    if not row:
        return frozenset()
    done = {stage for stage, facts in _FACTS.items() if row[facts[0]] is not None}
    if tx.value("SELECT max(sync) FROM salesforce.selected_fields") == row["sync"]:
        done.add(PLAN)
    if row["state"] == "complete":
        done.add(MODEL)
    return frozenset(done)


def _taken_over(
    tx: Transaction,
    base: Mapping[str, Any],
    taken: Iterable[Stage],
    run_id: str,
    accepted: Iterable[str],
    configuration: AccountFieldSync,
) -> Sync:
    """Open a new sync of the same day that takes over these stages of an earlier sync."""
    facts = {name: base[name] for stage in taken for name in _FACTS.get(stage, ())}
    sync = syncs.begin_sync(tx, day=base["day"], run_id=run_id, configuration=configuration, accepted=accepted, **facts)
    if PLAN in taken:
        tx.execute("UPDATE salesforce.selected_fields SET sync = $sync", {"sync": sync.number})
    if SALESFORCE in taken:
        for table in _BY_SYNC:
            tx.execute(
                f"INSERT INTO {table} BY NAME SELECT * REPLACE ($sync AS sync) FROM {table} WHERE sync = $base",
                {"sync": sync.number, "base": base["sync"]},
            )
    return sync
