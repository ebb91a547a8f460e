"""Update the insights tables in one transaction, so that they change together or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

from sf_insights.domain.configuration import SelectedField
from sf_insights.domain.fields.field_types import Category
from sf_insights.domain.fields.lifecycle import FieldState, next_states
from sf_insights.domain.fields.past import past_of
from sf_insights.domain.fields.plan import PlannedField
from sf_insights.domain.problems import WarehouseProblem
from sf_insights.system.clock import now
from sf_insights.warehouse.accounts.zuora_columns import drop_other_columns
from sf_insights.warehouse.fields.labels import load_labels
from sf_insights.warehouse.fields.plan import load_plan
from sf_insights.warehouse.fields.states import earlier_syncs, load_states, save_states, synced_days
from sf_insights.warehouse.model.attribute_columns import fit_attribute_columns, give_values_back
from sf_insights.warehouse.model.attributes import begin_fields, drop_todays_values, write_attributes
from sf_insights.warehouse.model.extent import extent_of
from sf_insights.warehouse.model.history_ends import HistoryEnds
from sf_insights.warehouse.model.metrics import summarize_metrics, write_metrics
from sf_insights.warehouse.model.retention import delete_expired
from sf_insights.warehouse.model.views import write_views
from sf_insights.warehouse.syncs import syncs
from sf_insights.warehouse.syncs.history import day_is_complete
from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction
from sf_insights.warehouse.versions import SCHEMA_VERSION, VERSION


@dataclass(frozen=True)
class _Model:
    """The context of every step: the transaction, the sync, and the fields that it read."""

    tx: Transaction
    sync: Sync
    plan: Sequence[PlannedField]
    attributes: Sequence[str]
    metrics: Sequence[str]

    @classmethod
    def of(cls, tx: Transaction, sync: Sync) -> _Model:
        plan = load_plan(tx)
        read = [field for field in plan if field.is_read]
        return cls(
            tx,
            sync,
            plan,
            [field.name for field in read if field.category == "attribute"],
            [field.name for field in read if field.category == "metric"],
        )

    @property
    def read(self) -> set[tuple[str, Category]]:
        """Each field that was read, with its category."""
        return {(field.name, field.category) for field in self.plan if field.is_read}


def model_sync(tx: Transaction, sync: Sync) -> int:
    """Update every insights table to this sync and mark it complete; return how many accounts lost their match.

    Raises:
        WarehouseProblem: a field that was read has no label.
    """
    model = _Model.of(tx, sync)
    _refuse_unlabelled(model)
    history_ends = HistoryEnds.before_undo(tx, sync.day) if day_is_complete(tx, sync.day) else None
    _undo_earlier_sync_of_the_day(model)
    before = load_states(tx)
    active = {(state.field, state.category) for state in before.values() if state.status == "active"}
    new = {name for name, _ in model.read if name not in before}
    others = {(name, category) for name, category in model.read if name not in new}
    extent = extent_of(tx, is_same_selection=others == active)
    ended = write_attributes(tx, sync, extent, model.attributes, model.metrics)
    write_metrics(tx, sync, extent, model.metrics)
    if extent == "incremental":
        begin_fields(
            tx,
            sync,
            [name for name in model.attributes if name in new],
            [name for name in model.metrics if name in new],
        )
    drop_todays_values(tx, extent)
    if history_ends is not None:
        history_ends.renew(tx)
    _note_field_days(model)
    summarize_metrics(tx, sync, model.metrics)
    tx.run("ops/match_changes", {"day": sync.day, "previous_day": sync.previous_day})
    _update_states(model)
    _describe_snapshot(model)
    drop_other_columns(tx, sync.configuration.zuora_columns)
    write_views(tx)
    delete_expired(tx, sync)
    _complete(model)
    return ended


def _refuse_unlabelled(model: _Model) -> None:
    labels = load_labels(model.tx)
    without = [field.name for field in model.plan if field.name not in labels]
    if without:
        raise WarehouseProblem(
            f"{', '.join(without)} {'has' if len(without) == 1 else 'have'} no label yet.",
            "Materialize insights/field_labels as well, or all assets; `sf-insights sync` does.",
        )


def _undo_earlier_sync_of_the_day(model: _Model) -> None:
    """Restore the state before the day, with columns that fit today's values."""
    tx, day = model.tx, model.sync.day
    is_second = day_is_complete(tx, day)
    given_back = fit_attribute_columns(tx, day, model.attributes, is_second=is_second)
    if is_second:
        tx.run("ops/undo_day", {"day": day})
        give_values_back(tx, given_back)


def _note_field_days(model: _Model) -> None:
    model.tx.insert(
        "insights.field_days",
        [{"field": name, "category": category, "date": model.sync.day} for name, category in sorted(model.read)],
    )


def _update_states(model: _Model) -> None:
    """Write the new state of each field, and keep the old states for a second sync of the day."""
    tx, sync = model.tx, model.sync
    tx.execute("CREATE OR REPLACE TABLE ops.undo_fields AS FROM insights.fields")
    states, events = next_states(load_states(tx), model.plan, sync.day, sync.opened_at, earlier_syncs(tx, sync.day))
    days, entries = synced_days(tx), sync.configuration.by_field
    states = [
        replace(_as_shown(state, entries.get(state.field)), past=past_of(state, days.get(state.field, {})))
        for state in states
    ]
    save_states(tx, states, events, sync.day)


def _as_shown(state: FieldState, entry: SelectedField | None) -> FieldState:
    """Return a state with what the settings of the sync say of how the field is shown; a deselected one keeps it."""
    return replace(state, display_format=entry.format, is_archived=entry.archived) if entry else state


def _describe_snapshot(model: _Model) -> None:
    tx, sync = model.tx, model.sync
    read_at = tx.value("SELECT salesforce_read_at FROM ops.sync_runs WHERE sync = $sync", {"sync": sync.number})
    tx.execute("DELETE FROM insights.snapshot")
    tx.insert(
        "insights.snapshot",
        [
            {
                "sync": sync.number,
                "synced_on": sync.day,
                "sf_insights_version": VERSION,
                "duckdb_version": duckdb.__version__,
                "schema_version": SCHEMA_VERSION,
                "salesforce_read_at": read_at,
            }
        ],
    )


def _complete(model: _Model) -> None:
    model.tx.execute(
        "UPDATE ops.warehouse SET org_id = (SELECT org_id FROM ops.sync_runs WHERE sync = $sync)",
        {"sync": model.sync.number},
    )
    syncs.record(model.tx, model.sync.number, state="complete", reason=None, ended_at=now())
