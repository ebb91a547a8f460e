"""The entries of one run: each with its target as described, and the column of the source that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sf_insights.domain.outbound.settings import OutboundField, OutboundSync
from sf_insights.domain.outbound.targets import Target, check_kinds, of_entry_alone, targets_of
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.outbound.values.source import Source


@dataclass(frozen=True)
class Entry:
    """One entry as the SQL templates need it: `source` and `currency` are columns of the table `source`."""

    target: Target
    source: str
    combine: str
    nulls: str
    existing: str
    on_leave: str
    too_long: str
    currency: str | None
    is_float: bool

    @property
    def fingerprint(self) -> str:
        return self.target.fingerprint


def all_entries(outbound: OutboundSync, described: Mapping[str, Any], source: Source) -> list[Entry]:
    """Join the settings, the described object and the columns of the source.

    Raises:
        ConfigurationProblem: the object or a field cannot be written, or cannot hold its values.
    """
    targets = targets_of(outbound, described)
    check_kinds(outbound, source.columns, targets)
    places = {name: f"v{number}" for number, name in enumerate(source.sent)}
    return [
        Entry(
            target=target,
            source=places[field.source],
            combine=field.combine,
            nulls=field.nulls,
            existing=field.existing,
            on_leave=field.on_leave,
            too_long=field.too_long,
            currency=_currency(field, places),
            is_float=source.columns.get(field.source) in ("DOUBLE", "FLOAT"),
        )
        for field, target in zip(outbound.fields, targets, strict=True)
    ]


def usable_entries(
    outbound: OutboundSync, described: Mapping[str, Any], source: Source
) -> tuple[list[Entry], dict[str, str]]:
    """Return the entries that can be written, and for each other target field the reason why it cannot."""
    usable: list[Entry] = []
    reasons = {}
    for field in outbound.fields:
        alone = outbound.model_copy(update={"fields": (field,)})
        try:
            usable += all_entries(alone, described, source)
        except ConfigurationProblem as problem:
            reasons[field.to] = of_entry_alone(problem.what, field.to)
    return usable, reasons


def _currency(field: OutboundField, places: dict[str, str]) -> str | None:
    return places[field.currency] if field.currency else None
