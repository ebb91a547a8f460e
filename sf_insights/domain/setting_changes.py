"""What a change of the settings means, in sentences for people who do not read the file."""

from __future__ import annotations

from typing import Any

from sf_insights.domain.configuration import AccountFieldSync, SelectedField

_NAMES = {
    "enabled": "the daily sync",
    "timezone": "the time zone",
    "daily_at": "the time of the daily sync",
    "label_prefix": "the prefix of new labels",
    "insights_accounts": "the source of Insights accounts",
    "zuora_columns": "the list of additional columns of Zuora",
    "retry_for": "how long a sync keeps trying",
    "max_row_drop": "the largest allowed drop of accounts",
    "min_match_rate": "the smallest share that must match",
    "ops_days": "how many days the records of past syncs are kept",
    "run_days": "how many days Dagster keeps its runs",
    "outbound": "what is sent to Salesforce",
    "publish_to": "the lake into which the snapshot is published",
}
_WHOLE = ("outbound", "publish_to")  # reported as one change
_OF_A_FIELD = {"label": "label", "description": "description", "format": "format"}


def in_sentences(before: AccountFieldSync, after: AccountFieldSync) -> list[str]:
    """Return a sentence for each difference between two settings; none if only comments or the order differ."""
    return [*_of_fields(before, after), *_of_settings(_flat(before), _flat(after))]


def _of_fields(before: AccountFieldSync, after: AccountFieldSync) -> list[str]:
    earlier, later = before.by_field, after.by_field
    found = [f"{name} is selected as {_kind(entry)}." for name, entry in later.items() if name not in earlier]
    found += [f"{name} is no longer selected." for name in earlier if name not in later]
    for name, entry in later.items():
        if name not in earlier:
            continue
        former = earlier[name]
        if entry.category != former.category:
            found.append(f"{name} is now {_kind(entry)}.")
        found += [
            f"The {word} of {name} is now {_quoted(getattr(entry, key))}."
            for key, word in _OF_A_FIELD.items()
            if getattr(entry, key) != getattr(former, key)
        ]
        if entry.archived != former.archived:
            found.append(f"{name} is {'archived' if entry.archived else 'no longer archived'}.")
    return found


def _of_settings(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    found = []
    for key in [*before, *(key for key in after if key not in before)]:
        former, value = before.get(key), after.get(key)
        if former == value:
            continue
        name = _NAMES.get(key, key)
        if key == "enabled":
            found.append(f"The daily sync is switched {'on' if value else 'off'}.")
        elif key in _WHOLE:
            found.append(f"{name[0].upper()}{name[1:]} is now different.")
        else:
            found.append(f"{name[0].upper()}{name[1:]} is now {_shown(value)} instead of {_shown(former)}.")
    return found


def _flat(configuration: AccountFieldSync) -> dict[str, Any]:
    """Return the settings other than fields, with those of guards and retention beside the others."""
    content = configuration.model_dump(mode="json", exclude={"fields"})
    return {
        name: value
        for key, held in content.items()
        for name, value in (held.items() if isinstance(held, dict) and key not in _WHOLE else [(key, held)])
    }


def _kind(entry: SelectedField) -> str:
    return "an attribute" if entry.category == "attribute" else "a metric"


def _quoted(value: str | None) -> str:
    return f"“{value}”" if value else "the usual one"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, float):
        return f"{100 * value:g} %"
    return "none" if value in (None, "") else str(value)
