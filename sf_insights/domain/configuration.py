"""The settings of the administrator's YAML file, and the messages for invalid ones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.display import DisplayFormat
from sf_insights.domain.fields.field_types import Category
from sf_insights.domain.outbound.settings import (
    OutboundField,
    OutboundGuards,
    OutboundMatch,
    OutboundSync,
    check_outbound,
)
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.publish_to import PublishTo
from sf_insights.domain.syncs.durations import duration
from sf_insights.domain.zuora_columns import check_zuora_columns, zuora_column

LABEL_LENGTH = 255
MOST_DAYS = 36_500
LONGEST_RETRY = timedelta(hours=3)  # Dagster ends a run after eight hours; the query may take two
_API_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def _with_whole_characters(value: Any) -> Any:
    try:
        str(value).encode()
    except UnicodeEncodeError:
        raise ValueError("contains half of a surrogate pair, which cannot be stored; type it again") from None
    return value


def _on_one_line(value: str) -> str:
    if any(unicodedata.category(character) == "Cc" for character in value.strip()):
        raise ValueError("contains a line break or another control character; write it on one line")
    return value.strip()


Share = Annotated[float, Field(ge=0, le=1, strict=True)]  # strict: refuses `true`
Text = Annotated[str, BeforeValidator(_with_whole_characters)]  # YAML can escape half a surrogate pair


class Guards(BaseModel):
    """Limits as shares between 0 and 1. A sync that crosses one is refused until a person accepts it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_row_drop: Share = 0.2
    min_match_rate: Share = 0.5


class Retention(BaseModel):
    """How many days of history to keep: operational tables in the warehouse, and Dagster's runs with their logs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ops_days: int = 730
    run_days: int = 365

    @field_validator("ops_days", "run_days", mode="before")
    @classmethod
    def _is_number_of_days(cls, value: Any) -> Any:
        if type(value) is not int or not 1 <= value <= MOST_DAYS:  # bool is a subclass of int
            raise ValueError(f"must be a whole number of days between 1 and {MOST_DAYS}")
        return value


class SelectedField(BaseModel):
    """One entry under `fields:`. A bare name selects an attribute with the default label."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str
    category: Category = Field(default="attribute", alias="as")
    label: Text | None = None
    description: Text | None = None
    format: str | None = None
    archived: bool = False

    @field_validator("field")
    @classmethod
    def _is_api_name(cls, value: str) -> str:
        if not _API_NAME.fullmatch(value):
            raise ValueError("must be the API name of one Account field, such as Industry or ARR__c")
        return value

    @field_validator("label")
    @classmethod
    def _is_label(cls, value: str | None) -> str | None:
        if value is not None and not value.strip():
            raise ValueError("is empty; write the label, or null to return to the default")
        if value is not None and len(value) > LABEL_LENGTH:
            raise ValueError(f"has {len(value)} characters; at most {LABEL_LENGTH} are allowed")
        return value and _on_one_line(value)

    @field_validator("format")
    @classmethod
    def _is_format(cls, value: str | None) -> str | None:
        if value is not None:
            DisplayFormat.parse(value)
        return value

    @property
    def says_label(self) -> bool:
        """Whether the entry has a `label:` key. `label: null` restores the default; no key keeps the present label."""
        return "label" in self.model_fields_set


class AccountFieldSync(BaseModel):
    """All settings of account_field_sync.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    timezone: str = "UTC"
    daily_at: str = "04:00"
    label_prefix: Text = Field(default="Sssf", max_length=100)
    insights_accounts: str = Field(default="zuora", min_length=1)
    zuora_columns: tuple[Annotated[str, AfterValidator(zuora_column)], ...] = ()
    retry_for: str = "2h"
    guards: Guards = Guards()
    retention: Retention = Retention()
    fields: tuple[SelectedField, ...]
    outbound: OutboundSync | None = None
    publish_to: PublishTo | None = None

    @field_validator("fields", mode="before")
    @classmethod
    def _bare_names(cls, value: Any) -> Any:
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise ValueError("must list at least one Account field, each on a line such as `- Industry`")
        return [{"field": entry} if isinstance(entry, str) else entry for entry in value]

    @field_validator("zuora_columns", mode="before")
    @classmethod
    def _is_list(cls, value: Any) -> Any:
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise ValueError("must be a list of columns of Zuora's Account, such as [Balance, MRR]")
        return value

    @field_validator("label_prefix")
    @classmethod
    def _is_prefix(cls, value: str) -> str:
        return _on_one_line(value)

    @field_validator("timezone")
    @classmethod
    def _is_time_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value!r} is not a time zone; write one such as America/New_York") from None
        return value

    @field_validator("daily_at", mode="before")
    @classmethod
    def _is_time_of_day(cls, value: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
            raise ValueError('must be a quoted time of day between "00:00" and "23:59"')
        return value

    @field_validator("retry_for", mode="before")
    @classmethod
    def _is_retry_for(cls, value: Any) -> Any:
        retry_duration(value)
        return value

    @property
    def by_field(self) -> ByApiName[SelectedField]:
        """The entries by API name, as the file spells it."""
        return ByApiName((entry.field, entry) for entry in self.fields)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def time_of_day(self) -> time:
        """When the daily sync is due, in the time zone `timezone`."""
        return time.fromisoformat(self.daily_at)


def retry_duration(value: Any) -> timedelta:
    """Parse how long a run keeps trying while Salesforce or Zuora is unavailable, such as 2h.

    Raises:
        ValueError: the text is not a duration of at most 3h; the message says what to write instead.
    """
    try:
        length = duration(value) if isinstance(value, str) else None
    except ValueError:
        length = None
    if length is None or length > LONGEST_RETRY:
        raise ValueError("must be a duration such as 90s, 45m or 2h, and at most 3h")
    return length


def parse_configuration(content: Any) -> AccountFieldSync:
    """Validate the content of the YAML file. Needs no network.

    Raises:
        ConfigurationProblem: names each invalid entry and says what to write instead.
    """
    if not isinstance(content, Mapping):
        raise ConfigurationProblem("The file contains no settings.", "Write at least `fields:` with one Account field.")
    try:
        configuration = AccountFieldSync.model_validate(dict(content))
    except ValidationError as error:
        raise ConfigurationProblem(
            "; ".join(_sentence(detail, content) for detail in error.errors(include_url=False)) + "."
        ) from None
    seen: ByApiName[SelectedField] = ByApiName()
    for entry in configuration.fields:
        if entry.field in seen:
            raise ConfigurationProblem(
                f"fields: {entry.field} is selected twice.",
                "API names ignore letter case; keep one of the two entries.",
            )
        seen[entry.field] = entry
    check_zuora_columns(configuration.zuora_columns, seen)
    if configuration.outbound is not None:
        check_outbound(configuration.outbound, [entry.field for entry in configuration.fields])
    return configuration


def invalid_settings(content: Mapping[str, Any]) -> dict[tuple[str, ...], str]:
    """Return what is wrong with each invalid setting, by the keys on the way to it; empty if all are valid."""
    try:
        AccountFieldSync.model_validate(dict(content))
    except ValidationError as error:
        return {
            tuple(str(part) for part in detail["loc"] if isinstance(part, str)): _advice(detail)
            for detail in error.errors(include_url=False)
        }
    return {}


_ADVICE = {
    "missing": "is missing",
    "literal_error": "must be {expected}",
    "string_type": "must be text; put it in quotes",
    "float_type": "must be a number such as 0.2",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than_equal": "must be a share between 0 and 1",
    "less_than_equal": "must be a share between 0 and 1",
}
_SETTINGS: dict[tuple[str, ...], type[BaseModel]] = {
    (): AccountFieldSync,
    ("fields",): SelectedField,
    ("guards",): Guards,
    ("retention",): Retention,
    ("outbound",): OutboundSync,
    ("outbound", "match"): OutboundMatch,
    ("outbound", "fields"): OutboundField,
    ("outbound", "guards"): OutboundGuards,
    ("publish_to",): PublishTo,
}
_ENTRY_FORMS = {
    ("fields",): "an API name such as Industry, or an entry with `field:`",
    ("outbound", "fields"): "an entry such as {from: account_status, to: Insights_Status__c}",
}


def _sentence(detail: Any, content: Mapping[str, Any]) -> str:
    path = ": ".join(_steps(detail["loc"], content))
    text = _advice(detail)
    return f"{path}: {text}" if path else text


def _advice(detail: Any) -> str:
    """Return what an error of pydantic says about a setting, as the end of a sentence about it."""
    block = tuple(part for part in detail["loc"] if isinstance(part, str))
    advice = _ADVICE.get(detail["type"])
    if detail["type"] == "value_error":
        text = str(detail["ctx"]["error"])
    elif detail["type"] == "extra_forbidden":
        allowed = _SETTINGS.get(block[:-1], AccountFieldSync)
        names = [setting.alias or name for name, setting in allowed.model_fields.items()]
        text = f"is not a setting; the settings are {', '.join(names)}"
    elif detail["type"] == "model_type":
        text = f"must be {_ENTRY_FORMS.get(block, 'a block of settings, or left out')}"
    elif advice:
        text = advice.format(**detail.get("ctx", {}))
    else:
        text = detail["msg"][0].lower() + detail["msg"][1:]
    return text


def _steps(place: Sequence[str | int], content: Any) -> Iterator[str]:
    """Yield the names on the way to a setting, with the number and the name of an entry: `fields, entry 2 (Rating)`."""
    for name, following in zip(place, [*place[1:], ""], strict=True):
        if isinstance(name, int):
            continue
        content = content.get(name) if isinstance(content, Mapping) else None
        if isinstance(following, int):
            content = content[following] if isinstance(content, Sequence) and following < len(content) else None
            named = content if isinstance(content, str) else _named(content)
            yield f"{name}, entry {following + 1}" + (f" ({named})" if named else "")
        else:
            yield name


def _named(entry: Any) -> Any:
    return entry.get("field") or entry.get("to") if isinstance(entry, Mapping) else None
