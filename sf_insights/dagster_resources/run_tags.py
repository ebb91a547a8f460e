"""The tags of a run: some tell it what to do, others show in Dagster what it is about."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sf_insights.domain.configuration import AccountFieldSync, retry_duration
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.environment import TODAY_VARIABLE
from sf_insights.warehouse.syncs import syncs

ACCEPT_TAG = "sf_insights/accept"
RETRY_TAG = "sf_insights/retry_for"
DAY_TAG = "sf_insights/day"
ORG_TAG = "sf_insights/org"
LIMIT_TAG = "sf_insights/limit"
HISTORY_FIELDS_TAG = "sf_insights/history_fields"  # API names, separated by spaces; all without it
HISTORY_SINCE_TAG = "sf_insights/history_since"
HISTORY_DRY_TAG = "sf_insights/history_dry_run"
_TODAY_TAG = "sf_insights/today"


def accepted_guards(tags: Mapping[str, str]) -> list[str]:
    """The guards that a run may pass, from its tags.

    Raises:
        ConfigurationProblem: the tag names something else.
    """
    accepted = [word for word in tags.get(ACCEPT_TAG, "").replace("+", " ").split() if word]
    for word in accepted:
        if word not in syncs.GUARDS:
            raise ConfigurationProblem(
                f"The run's tag {ACCEPT_TAG} says {word!r}, which is not a guard.",
                f"Allowed: {', '.join(syncs.GUARDS)}.",
            )
    return accepted


def retry_time(tags: Mapping[str, str], configuration: AccountFieldSync) -> timedelta:
    """How long a run keeps trying: from its tags, or else from the administrator's file.

    Raises:
        ConfigurationProblem: the tag is not a length of time.
    """
    said = tags.get(RETRY_TAG)
    try:
        return retry_duration(said or configuration.retry_for)
    except ValueError as error:
        raise ConfigurationProblem(f"The run's tag {RETRY_TAG} {error}.") from None


@dataclass(frozen=True)
class HistoryRequest:
    """What a backfill should fill: fields by API name (empty: all), from which day, and whether it changes nothing."""

    fields: tuple[str, ...] = ()
    since: date | None = None
    is_dry: bool = False

    def tags(self) -> dict[str, str]:
        """The tags that ask a run for it."""
        said = {
            HISTORY_FIELDS_TAG: " ".join(self.fields),
            HISTORY_SINCE_TAG: str(self.since or ""),
            HISTORY_DRY_TAG: "yes" if self.is_dry else "",
        }
        return {name: value for name, value in said.items() if value}


def history_request(tags: Mapping[str, str]) -> HistoryRequest:
    """Return what a run's tags ask for.

    Raises:
        ConfigurationProblem: the day is not a date.
    """
    said = tags.get(HISTORY_SINCE_TAG)
    try:
        since = date.fromisoformat(said) if said else None
    except ValueError:
        raise ConfigurationProblem(
            f"The run's tag {HISTORY_SINCE_TAG} says {said!r}, which is not a day.", "Write it as 2026-01-31."
        ) from None
    return HistoryRequest(tuple(tags.get(HISTORY_FIELDS_TAG, "").split()), since, HISTORY_DRY_TAG in tags)


def day_tag() -> dict[str, str]:
    """The run tag that shows a day set from outside."""
    day = os.environ.get(TODAY_VARIABLE)
    return {_TODAY_TAG: day} if day else {}
