"""The org's Account fields with sample values: asked for once, kept in memory, refreshed on demand."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.appearance import Appearance
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.problems import Problem
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.system.clock import now
from sf_insights.transport.retry import ONCE_MORE

# FIELDS(ALL) needs a LIMIT of at most 200.
_SAMPLE = "SELECT FIELDS(ALL) FROM Account LIMIT 200"


_VALUES = 5


@dataclass(frozen=True)
class Sample:
    """The share of a field that is filled, and its most frequent values as texts."""

    share: float | None = None
    values: tuple[str | None, ...] = ()
    is_exact: bool = False


@dataclass(frozen=True)
class OrgCatalog:
    """The org's last answer; `trouble` is why it could not be asked again, or not completely."""

    fields: ByApiName[AccountField] = field(default_factory=ByApiName)
    samples: ByApiName[Sample] = field(default_factory=ByApiName)
    sampled: int = 0
    org_id: str | None = None
    api_usage: tuple[int, int] | None = None
    read_at: datetime | None = None
    trouble: Problem | None = None


class OrgCatalogs:
    """Keeps the last catalog. One thread at a time asks the org, and not for every page."""

    def __init__(self, variables: Callable[[], Mapping[str, str]]) -> None:
        self.variables = variables
        self._lock = threading.Lock()
        self._kept: OrgCatalog | None = None

    @property
    def last(self) -> OrgCatalog | None:
        """The kept catalog, without asking the org."""
        return self._kept

    def get(self) -> OrgCatalog:
        """Return the catalog; ask the org the first time."""
        with self._lock:
            if self._kept is None:
                self._kept = self._asked()
            return self._kept

    def refresh(self) -> OrgCatalog:
        """Ask the org again; keep the last answer if it cannot be reached."""
        with self._lock:
            self._kept = self._asked()
            return self._kept

    def _asked(self) -> OrgCatalog:
        try:
            with SalesforceOrg.from_environment(self.variables(), retry=ONCE_MORE) as org:
                fields = org.account_fields()
                catalog = OrgCatalog(fields, org_id=org.org_id, read_at=now())
                try:
                    records = list(org.query(_SAMPLE))
                except Problem as problem:
                    catalog = replace(catalog, trouble=problem)
                else:
                    catalog = replace(catalog, samples=_samples(fields, records), sampled=len(records))
                return replace(catalog, api_usage=org.api_usage)
        except Problem as problem:
            return replace(self._kept or OrgCatalog(), trouble=problem)


def _samples(fields: Mapping[str, AccountField], asked: list[dict[str, Any]]) -> ByApiName[Sample]:
    samples: ByApiName[Sample] = ByApiName()
    records = [ByApiName(record) for record in asked]  # the spelling of a name may have changed since the describe
    for name, kind in fields.items():
        values = [record[name] for record in records if record.get(name) is not None]
        single = Counter(value for value in values if not isinstance(value, dict))  # an address has parts
        samples[name] = Sample(
            len(values) / len(records) if records else None,
            tuple(Appearance.of_field(kind).text(value) for value, _ in single.most_common(_VALUES)),
        )
    return samples
