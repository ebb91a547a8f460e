"""What the published snapshot knows of fields: what people choose from and label, without Salesforce or a lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sf_insights.domain.api_names import ByApiName, by_name, spelled_as
from sf_insights.domain.field_types import AccountField
from sf_insights.domain.labels import FieldLabel
from sf_insights.domain.lifecycle import FieldState
from sf_insights.domain.planning import KnownField, PlannedField
from sf_insights.resources import field_tables
from sf_insights.resources.warehouse import Transaction, reading_snapshot


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
        catalog=field_tables.load_catalog(tx),
        known=field_tables.known_fields(tx),
        states=field_tables.load_states(tx),
        labels=field_tables.load_labels(tx),
        plan=tuple(field_tables.load_plan(tx)),
        snapshot=tx.records("SELECT * FROM insights.snapshot")[0],
    )
