"""Which fields a backfill can fill, and a sentence about each of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import AccountField, Category, ColumnType
from sf_insights.domain.history.fields import why_not_kept
from sf_insights.domain.problems import WarehouseProblem
from sf_insights.warehouse.fields.catalog import load_catalog
from sf_insights.warehouse.fields.states import load_states
from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction


@dataclass(frozen=True)
class HistoryField:
    """A field whose history is read. `column` is the type of its column in ops.attribute_values."""

    field: AccountField
    category: Category
    column: ColumnType
    format: str | None

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def is_amount(self) -> bool:
        """Whether it is a metric whose values mean nothing without their currency."""
        return self.category == "metric" and self.format == "currency"


def wanted_fields(tx: Transaction, sync: Sync, names: Sequence[str]) -> tuple[list[HistoryField], dict[str, str]]:
    """Return the fields that can be filled, and for each other one why not and what to do.

    Args:
        tx: the transaction.
        sync: the last complete sync, whose values the history is walked back from.
        names: API names in any letter case; empty for every selected field.

    Raises:
        WarehouseProblem: a later sync read Salesforce but did not complete, so the values are of no sync.
    """
    refuse_incomplete(tx, sync)
    states, catalog = load_states(tx), load_catalog(tx)
    read = {
        name
        for (name,) in tx.execute(
            "SELECT field FROM insights.field_days WHERE date = $day AND source = 'sync'", {"day": sync.day}
        )
    }
    columns = tx.columns("ops", "attribute_values")
    found, refused = [], {}
    chosen = names or sorted(state.field for state in states.values() if state.status != "deselected")
    for name in ByApiName((name, None) for name in chosen):
        state = states.get(name)
        if name not in catalog and (state is None or state.status == "deselected"):
            refused[name] = (
                "not a field of Account that the integration user can see. `sf-insights fields` lists the API names."
            )
        elif state is None or state.status == "deselected":
            refused[name] = "not selected. Select with `sf-insights select`, sync, and run this again."
        elif state.field not in read or state.field not in catalog:
            refused[state.field] = (
                f"not read by the last sync{_because(state.status_reason)}. Sync, and run this again."
            )
        elif reason := why_not_kept(catalog[state.field]):
            refused[state.field] = f"{reason}."
        else:
            column = ColumnType.parse(columns.get(state.field, "VARCHAR"))
            found.append(HistoryField(catalog[state.field], state.category, column, state.format))
    return found, refused


def refuse_incomplete(tx: Transaction, sync: Sync) -> None:
    """Check that the Accounts are those of the last complete sync.

    Raises:
        WarehouseProblem: a later sync changed them and did not complete.
    """
    later = tx.value(
        "SELECT count(*) FROM ops.sync_runs WHERE sync > $sync AND salesforce_landed_at IS NOT NULL",
        {"sync": sync.number},
    )
    if later:
        raise WarehouseProblem(
            "The last sync read Salesforce but did not complete, so there are no values to walk back from.",
            "Run `sf-insights sync`, then this again.",
        )


def _because(reason: str | None) -> str:
    return f" ({reason})" if reason else ""
