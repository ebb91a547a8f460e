"""The entries of one run: each with its target as described, and the column of the source that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sf_insights.domain.outbound.settings import OutboundField, OutboundSync
from sf_insights.domain.outbound.targets import Target
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


def entries_of(outbound: OutboundSync, targets: Sequence[Target], source: Source) -> list[Entry]:
    """Join the settings, the described targets and the columns of the source."""
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


def _currency(field: OutboundField, places: dict[str, str]) -> str | None:
    return places[field.currency] if field.currency else None
