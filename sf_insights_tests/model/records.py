"""What the model keeps: fields as the org shows them, entries of the file, and the data of each day."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

SILENT = object()  # the file gives no label


class Refused(Exception):
    """The file has an impossible setting, so the sync fails; `args[0]` is the field."""


@dataclass(frozen=True)
class Shown:
    """A field as the org shows it."""

    label: str
    type: str


@dataclass(frozen=True)
class Entry:
    """The file's entry for one field."""

    name: str
    category: str = "attribute"
    label: Any = SILENT


@dataclass(frozen=True)
class Planned:
    """A sync's plan for one field: read it, or leave it unchanged."""

    name: str
    category: str
    shown: Shown
    is_read: bool


@dataclass(frozen=True)
class Label:
    text: str
    default: str
    source: str


@dataclass(frozen=True)
class Match:
    number: str
    name: str
    account_status: str
    crm_account_id: str | None
    salesforce_id: str | None
    status: str
    repaired: bool


@dataclass(frozen=True)
class Day:
    """The data read by the last complete sync of a day.

    `values` and `currencies` are by Zuora account, matched ones only; `survivors` says into which live Account each
    merged one had become; `mostly_filled` and `empty` are read fields with many and without any values.
    """

    date: date
    plan: list[Planned]
    matches: dict[str, Match]
    values: dict[str, dict[str, Any]]
    currencies: dict[str, str | None]
    survivors: dict[str, str]
    mostly_filled: set[str]

    def read(self, category: str) -> list[str]:
        return [planned.name for planned in self.plan if planned.is_read and planned.category == category]


@dataclass
class State:
    """A field as in insights.fields, with days in place of timestamps."""

    category: str
    status: str
    has_reason: bool
    since: date
    shown: Shown
    first: date | None
    last: date | None

    @property
    def is_visible(self) -> bool:
        return self.status in ("active", "paused")


@dataclass
class Row:
    """An account that matched at least once."""

    first_matched_on: date
    salesforce_id: str = ""
    number: str = ""
    name: str = ""
    currency: str | None = None
    current: bool = True
    last_current: date | None = None
    values: dict[str, str | None] = field(default_factory=dict)
