"""What a run is asked to do."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from sf_insights.domain.outbound.guards import GUARDS
from sf_insights.domain.outbound.settings import OutboundSync
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.salesforce.org import SalesforceOrg


@dataclass(frozen=True)
class Request:
    """What a run is asked to do.

    `select` is the text of the administrator's SELECT, `max_left` the inbound guard max_row_drop, and `limit` the most
    records to write. `tell` takes lines for the log.
    """

    outbound: OutboundSync
    select: str | None
    snapshot: Path
    directory: Path
    max_left: float
    run_id: str
    connect: Callable[[], SalesforceOrg]
    tell: Callable[[str], None]
    accepted: frozenset[str] = frozenset()
    is_preview: bool = False
    verify: bool = False
    limit: int | None = None


def accepted_guards(names: Collection[str]) -> frozenset[str]:
    """Return the guards to pass.

    Raises:
        ConfigurationProblem: one of the names is not a guard.
    """
    unknown = set(names) - set(GUARDS)
    if unknown:
        raise ConfigurationProblem(
            f"{', '.join(sorted(unknown))} is not a guard.", f"The guards are {', '.join(GUARDS)}."
        )
    return frozenset(names)
