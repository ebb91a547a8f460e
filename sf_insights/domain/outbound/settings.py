"""The `outbound:` block of the administrator's file: which values go to which Salesforce fields."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.syncs.durations import duration

EVERY = ("15m", "30m", "1h", "2h", "3h", "4h", "6h", "8h", "12h", "24h")  # they divide the day
NUMERICAL_COMBINATIONS = frozenset({"sum", "min", "max"})
BOOLEAN_COMBINATIONS = frozenset({"any", "all"})
ACCOUNT_KEYS = ("account_id", "account_number", "crm_account_id")

_API_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_CUSTOM = re.compile(r"(?i)__c$")
# Fields that identify or place a record, or that Salesforce fills: no entry may write them.
_SYSTEM = frozenset(
    name.casefold()
    for name in (
        "Id",
        "Name",
        "OwnerId",
        "ParentId",
        "RecordTypeId",
        "CurrencyIsoCode",
        "IsDeleted",
        "MasterRecordId",
        "CreatedById",
        "CreatedDate",
        "LastModifiedById",
        "LastModifiedDate",
        "SystemModstamp",
        "LastActivityDate",
        "LastViewedDate",
        "LastReferencedDate",
        "IsPersonAccount",
        "PersonContactId",
    )
)

Share = Annotated[float, Field(ge=0, le=1, strict=True)]
Combination = Literal["same", "sum", "min", "max", "any", "all", "count", "list"]
Nulls = Literal["clear", "keep", "false"]
Existing = Literal["overwrite", "keep_edits", "only_if_empty"]


class OutboundMatch(BaseModel):
    """How records are found: the Insights column `from` equals the Salesforce field `to`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(alias="from", min_length=1)
    to: str

    @field_validator("to")
    @classmethod
    def _is_api_name(cls, value: str) -> str:
        return _api_name(value)


class OutboundField(BaseModel):
    """One entry under `outbound: fields:`: a column of the source and the Salesforce field that gets its value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(alias="from", min_length=1)
    to: str
    combine: Combination = "same"
    nulls: Nulls = "clear"
    existing: Existing = "overwrite"
    on_leave: Literal["keep", "clear"] = "keep"
    too_long: Literal["reject", "truncate"] = "reject"
    currency: str | None = None
    allow_standard: bool = False

    @field_validator("to")
    @classmethod
    def _is_api_name(cls, value: str) -> str:
        return _api_name(value)

    @field_validator("nulls", mode="before")
    @classmethod
    def _is_false(cls, value: Any) -> Any:
        return "false" if value is False else value  # YAML reads `nulls: false` as a boolean


class OutboundGuards(BaseModel):
    """Limits of one outbound run. A run that crosses one is refused until a person accepts it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_changed: Share = 0.2
    max_cleared: Share = 0.05
    max_rejected: Share = 0.1
    max_snapshot_age: str = "30h"
    max_api_calls: int = Field(default=300, ge=1, strict=True)

    @field_validator("max_snapshot_age", mode="before")
    @classmethod
    def _is_age(cls, value: Any) -> Any:
        try:
            duration(value if isinstance(value, str) else "")
        except ValueError:
            raise ValueError("must be a duration such as 30h or 2d") from None
        return value

    @property
    def oldest_snapshot(self) -> timedelta:
        return duration(self.max_snapshot_age)


class OutboundSync(BaseModel):
    """All settings of the outbound side. A file without the block writes nothing to Salesforce."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    every: str = "2h"
    object: str = "Account"
    match: OutboundMatch | None = None
    values: str | None = None
    fields: tuple[OutboundField, ...]
    guards: OutboundGuards = OutboundGuards()

    @field_validator("every", mode="before")
    @classmethod
    def _divides_the_day(cls, value: Any) -> Any:
        if value not in EVERY:
            raise ValueError(f"must be one of {', '.join(EVERY)}")
        return value

    @field_validator("object")
    @classmethod
    def _is_api_name(cls, value: str) -> str:
        return "Account" if value.casefold() == "account" else _api_name(value)

    @field_validator("values")
    @classmethod
    def _is_sql_file(cls, value: str | None) -> str | None:
        if value is not None and not value.endswith(".sql"):
            raise ValueError("must be the name of a .sql file with one SELECT, next to this file")
        return value

    @field_validator("fields", mode="before")
    @classmethod
    def _has_entries(cls, value: Any) -> Any:
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise ValueError("must list at least one entry, such as {from: account_status, to: Insights_Status__c}")
        return value

    @property
    def interval(self) -> timedelta:
        """The time between two runs."""
        return duration(self.every)

    def fingerprint(self, select: str | None) -> str:
        """Return a hash of what decides which values go where: object, match, fields, and the text of the SELECT."""
        meaning = self.model_dump(mode="json", include={"object", "match", "fields"})
        return hashlib.sha256(json.dumps([meaning, select], sort_keys=True).encode()).hexdigest()[:16]


def _api_name(value: str) -> str:
    if not _API_NAME.fullmatch(value):
        raise ValueError("must be an API name, such as Account or Insights_Balance__c")
    return value


def check_outbound(outbound: OutboundSync, selected: Sequence[str]) -> None:
    """Check what needs no network: targets are allowed, unique, and not read by the inbound sync.

    Args:
        outbound: the block.
        selected: the API names under the file's `fields:`, in their order.

    Raises:
        ConfigurationProblem: names the entries, and says what to write instead.
    """
    is_account = outbound.object.casefold() == "account"
    if outbound.match is None and not is_account:
        raise ConfigurationProblem(
            f"outbound: nothing says which record of {outbound.object} belongs to an account.",
            "Name an id field of it, such as `match: {from: account_number, to: Account_Number__c}`.",
        )
    seen: ByApiName[int] = ByApiName()
    for number, entry in enumerate(outbound.fields, 1):
        where = f"outbound: fields, entry {number} ({entry.to})"
        if entry.to in seen:
            raise ConfigurationProblem(
                f"{where}: entry {seen[entry.to]} has the same target.", "Each Salesforce field needs one entry."
            )
        seen[entry.to] = number
        if entry.to.casefold() in _SYSTEM:
            raise ConfigurationProblem(
                f"{where}: {entry.to} identifies the record or belongs to Salesforce, and is never written.",
                "Make a custom field, such as Insights_Balance__c.",
            )
        if outbound.match is not None and entry.to.casefold() == outbound.match.to.casefold():
            raise ConfigurationProblem(
                f"{where}: {entry.to} is the field that finds the record, under `match:`.", "Choose another target."
            )
        if not _CUSTOM.search(entry.to) and not entry.allow_standard:
            raise ConfigurationProblem(
                f"{where}: {entry.to} is a standard field, which people and other tools fill.",
                "Make a custom field for it, or add `allow_standard: true` to the entry.",
            )
        _check_combination(entry, where)
    if is_account:
        _refuse_loops(outbound, selected)


def _check_combination(entry: OutboundField, where: str) -> None:
    if entry.nulls == "false" and entry.combine in ("sum", "min", "max", "count", "list"):
        raise ConfigurationProblem(
            f"{where}: `nulls: false` is for checkboxes, and {entry.combine} does not give true or false.",
            "Use `combine: any`, `all` or `same`, or `nulls: clear`.",
        )


def _refuse_loops(outbound: OutboundSync, selected: Sequence[str]) -> None:
    places = ByApiName((name, number) for number, name in enumerate(selected, 1))
    for number, entry in enumerate(outbound.fields, 1):
        if entry.to in places:
            raise ConfigurationProblem(
                f"outbound: fields, entry {number} writes {entry.to}, and fields, entry {places[entry.to]} reads it.",
                "Values would go round in a circle: remove one of the two, or write another field.",
            )
