"""What the parts of a delivery share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sf_insights.domain.outbound.targets import Target
from sf_insights.outbound.state import OutboundState
from sf_insights.outbound.values.present import read_present
from sf_insights.salesforce.org import SalesforceOrg


@dataclass
class Tally:
    """What has become of the records that were sent."""

    written: int = 0
    rejected: int = 0
    rejected_values: int = 0
    is_over_quota: bool = False

    @property
    def records(self) -> int:
        return self.written + self.rejected


@dataclass(frozen=True)
class Sending:
    """One run's delivery: `targets` are the mapped fields by name, and `described` all fields of the object.

    `directory` is for files that nobody needs after the run, and `tell` takes lines for the log.
    """

    state: OutboundState
    org: SalesforceOrg
    run: int
    object_name: str
    targets: Mapping[str, Target]
    described: Sequence[str]
    directory: Path
    snapshot_sync: int
    tell: Callable[[str], None]
    tally: Tally = field(default_factory=Tally)

    def read_present(self, fields: Sequence[str], chosen: str) -> None:
        """Fill the temporary table `present` with these fields of the records that the query `chosen` names."""
        read_present(self.state, self.org, self.object_name, self.described, fields, self.directory, chosen)
