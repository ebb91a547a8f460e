"""What the published snapshot knows of fields: what people choose from and label, without Salesforce or a lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sf_insights.domain.fields.api_names import ByApiName, by_name, spelled_as
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.fields.labels import FieldLabel
from sf_insights.domain.fields.lifecycle import FieldState
from sf_insights.domain.fields.plan import KnownField, PlannedField
from sf_insights.warehouse.fields.catalog import known_fields, load_catalog
from sf_insights.warehouse.fields.labels import load_labels
from sf_insights.warehouse.fields.plan import load_plan
from sf_insights.warehouse.fields.states import load_states
from sf_insights.warehouse.reading import reading_snapshot
from sf_insights.warehouse.transaction import Transaction


@dataclass(frozen=True)
class PublishedFields:
    """The fields of the last published sync: the org's catalog then, and what is known of each, by API name.

    `snapshot` is the row that says which sync it is of, None before the first one.
    """

    catalog: ByApiName[AccountField] = field(default_factory=ByApiName)
    known: ByApiName[KnownField] = field(default_factory=ByApiName)
    states: ByApiName[FieldState] = field(default_factory=ByApiName)
    labels: ByApiName[FieldLabel] = field(default_factory=ByApiName)
    plan: tuple[PlannedField, ...] = ()
    snapshot: Mapping[str, Any] | None = None

    def as_known(self, described: Iterable[AccountField]) -> ByApiName[AccountField]:
        """What the org shows, under the names that the published tables have for it."""
        return by_name(spelled_as(self.known, described))


def published_fields(snapshot: Path) -> PublishedFields:
    """What the present snapshot says; nothing at all before the first sync.

    Raises:
        WarehouseProblem: it cannot be opened.
    """
    if not snapshot.exists():
        return PublishedFields()
    with reading_snapshot(snapshot) as tx:
        return fields_in(tx)


def fields_in(tx: Transaction) -> PublishedFields:
    """What an opened snapshot says."""
    return PublishedFields(
        catalog=load_catalog(tx),
        known=known_fields(tx),
        states=load_states(tx),
        labels=load_labels(tx),
        plan=tuple(load_plan(tx)),
        snapshot=tx.records("SELECT * FROM insights.snapshot")[0],
    )
