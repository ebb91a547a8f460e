"""Read the fields of the published snapshot, without Salesforce and without the warehouse's lock."""

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
    """The fields of the last published sync: the org's catalog at that time, and what is known about each field.

    `snapshot` is the row of insights.snapshot, None before the first sync.
    """

    catalog: ByApiName[AccountField] = field(default_factory=ByApiName)
    known: ByApiName[KnownField] = field(default_factory=ByApiName)
    states: ByApiName[FieldState] = field(default_factory=ByApiName)
    labels: ByApiName[FieldLabel] = field(default_factory=ByApiName)
    plan: tuple[PlannedField, ...] = ()
    snapshot: Mapping[str, Any] | None = None

    def as_known(self, described: Iterable[AccountField]) -> ByApiName[AccountField]:
        """Return the described fields, with names spelled as in the published tables."""
        return by_name(spelled_as(self.known, described))


def published_fields(snapshot: Path) -> PublishedFields:
    """Return the fields of the current snapshot; empty before the first sync.

    Raises:
        WarehouseProblem: the snapshot cannot be opened.
    """
    if not snapshot.exists():
        return PublishedFields()
    with reading_snapshot(snapshot) as tx:
        return fields_in(tx)


def fields_in(tx: Transaction) -> PublishedFields:
    """Return the fields of an opened snapshot."""
    return PublishedFields(
        catalog=load_catalog(tx),
        known=known_fields(tx),
        states=load_states(tx),
        labels=load_labels(tx),
        plan=tuple(load_plan(tx)),
        snapshot=tx.records("SELECT * FROM insights.snapshot")[0],
    )
