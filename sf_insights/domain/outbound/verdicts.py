"""What to do with a record that Salesforce refused: hold values back, send some of them again, or pause a field."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sf_insights.domain.outbound.limits import MOST_UPDATED
from sf_insights.domain.outbound.row_errors import RowClass, RowError

CHUNKS = (MOST_UPDATED, 25, 1, 1)
"""Records per request in the first try of a record, and in those after a refusal that others may have caused."""


@dataclass(frozen=True)
class Verdict:
    """`rejected` are the fields whose values are held back. With `again`, the other fields are sent again.

    `paused` is a field that nobody may write any more, and is not sent again.
    """

    rejected: tuple[str, ...] = ()
    again: bool = False
    paused: str | None = None
    is_gone: bool = False
    stops_the_run: bool = False

    @property
    def names_the_culprit(self) -> bool:
        """Whether a field is to blame, and not other records, so that smaller requests would not help."""
        return bool(self.rejected or self.paused)


def verdict(error: RowError, fields: Sequence[str], mapped: Collection[str], *, tries: int, was_alone: bool) -> Verdict:
    """Return what to do with one refused record.

    Args:
        error: what Salesforce said.
        fields: the fields that were sent.
        mapped: the targets of the mapping.
        tries: how often the record has been sent, from 1.
        was_alone: whether it was the only record of its request, so that no other one can be to blame.
    """
    match error.row_class:
        case RowClass.QUOTA:
            return Verdict(stops_the_run=True)
        case RowClass.FIELD if error.field in fields:
            return Verdict(paused=error.field, again=len(fields) > 1)
        case RowClass.FIELD if error.field in mapped and tries < len(CHUNKS):
            return Verdict(again=True)  # Salesforce refused the request for a field of other records
        case RowClass.BUSY if tries < len(CHUNKS):
            return Verdict(again=True)
        case RowClass.AUTOMATION if tries < len(CHUNKS) and not was_alone:
            return Verdict(again=True)
        case RowClass.VALUE if error.field in fields:
            return Verdict(rejected=(str(error.field),), again=len(fields) > 1)
        case RowClass.GONE:
            return Verdict(rejected=tuple(fields), is_gone=True)
    return Verdict(rejected=tuple(fields))
