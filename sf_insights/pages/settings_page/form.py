"""The form of the settings: what it shows, and the values that a person typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sf_insights.domain.configuration import AccountFieldSync, retry_duration
from sf_insights.pages.access.guard import Form

Path = tuple[str, ...]

ZUORA = "zuora"
# The name of each input, and the setting it changes.
INPUTS: dict[str, Path] = {
    "enabled": ("enabled",),
    "daily_at": ("daily_at",),
    "timezone": ("timezone",),
    "label_prefix": ("label_prefix",),
    "retry_minutes": ("retry_for",),
    "max_row_drop": ("guards", "max_row_drop"),
    "min_match_rate": ("guards", "min_match_rate"),
    "ops_days": ("retention", "ops_days"),
    "run_days": ("retention", "run_days"),
    "file": ("insights_accounts",),
    "zuora_columns": ("zuora_columns",),
}
# What the page says about an invalid value, instead of the message for the file.
_SAID = {
    "daily_at": "Choose a time of day, such as 04:00.",
    "timezone": "Choose a time zone from the list, such as America/New_York.",
    "label_prefix": "Use at most 100 characters, on one line.",
    "retry_minutes": "Enter a whole number of minutes between 0 and 180.",
    "max_row_drop": "Enter a percentage between 0 and 100.",
    "min_match_rate": "Enter a percentage between 0 and 100.",
    "ops_days": "Enter a whole number of days between 1 and 36,500.",
    "run_days": "Enter a whole number of days between 1 and 36,500.",
    "file": "Enter the name of the file.",
}


def shown(configuration: AccountFieldSync) -> dict[str, str]:
    """Return the text of each input for these settings."""
    guards, kept = configuration.guards, configuration.retention
    is_zuora = configuration.insights_accounts == ZUORA
    return {
        "enabled": "yes" if configuration.enabled else "",
        "daily_at": configuration.daily_at,
        "timezone": configuration.timezone,
        "label_prefix": configuration.label_prefix,
        "retry_minutes": _number(retry_duration(configuration.retry_for).total_seconds() / 60),
        "max_row_drop": _number(100 * guards.max_row_drop),
        "min_match_rate": _number(100 * guards.min_match_rate),
        "ops_days": str(kept.ops_days),
        "run_days": str(kept.run_days),
        "source": ZUORA if is_zuora else "file",
        "file": "" if is_zuora else configuration.insights_accounts,
        "zuora_columns": ", ".join(configuration.zuora_columns),
    }


def typed(form: Form) -> dict[str, str]:
    """Return the text of each input as a person sent it."""
    return {name: form.one(name).strip() for name in (*INPUTS, "source")}


def originals(form: Form, present: dict[str, str]) -> dict[str, str]:
    """Return the text that each input had when the page was loaded; the present one for an input without any."""
    return {name: form.one(f"was.{name}") if form.all(f"was.{name}") else text for name, text in present.items()}


def merged(texts: dict[str, str], was: dict[str, str], present: dict[str, str]) -> dict[str, str]:
    """Return the text of each input: as typed if the person changed it, else as the file has it now."""
    return {name: present[name] if texts[name] == was[name].strip() else texts[name] for name in present}


def changed_by_others(was: dict[str, str], present: dict[str, str]) -> dict[str, str]:
    """Return what the file says now, in words, for each input whose setting changed since the page was loaded."""
    return {name: _in_words(name, text) for name, text in present.items() if text != was[name]}


def _in_words(name: str, text: str) -> str:
    if name == "enabled":
        return "on" if text else "off"
    if name == "source":
        return "Zuora Billing" if text == ZUORA else "a file"
    return text or "empty"


def values_of(texts: dict[str, str], before: dict[str, str]) -> tuple[dict[Path, Any], dict[str, str]]:
    """Return the settings that were changed, and what is wrong with a text, by the name of its input."""
    values: dict[Path, Any] = {}
    wrong: dict[str, str] = {}
    names = [name for name in INPUTS if texts[name] != before[name].strip()]
    if texts["source"] != before["source"] and "file" not in names:
        names.append("file")
    for name in names:
        try:
            values[INPUTS[name]] = _READERS.get(name, str)(texts["file" if name == "file" else name])
        except ValueError:
            wrong[name] = _SAID[name]
    if texts["source"] == ZUORA:
        wrong.pop("file", None)
        values.pop(INPUTS["file"], None)
        if before["source"] != ZUORA:
            values[INPUTS["file"]] = ZUORA
    return values, wrong


def sentence_about(name: str, message: str) -> str:
    """Return what the page says about an invalid value of an input."""
    return _SAID.get(name) or f"{message[:1].upper()}{message[1:]}."


def input_of(path: Path) -> str:
    """Return the name of the input of a setting; "" if it has none."""
    return next((name for name, setting in INPUTS.items() if setting == path), "")


def _number(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _share(text: str) -> float:
    value = float(text.removesuffix("%").strip().replace(",", "."))
    if not 0 <= value <= 100:
        raise ValueError(text)
    return round(value / 100, 6)


def _minutes(text: str) -> str:
    if not 0 <= int(text) <= 180:
        raise ValueError(text)
    return f"{int(text)}m"


def _file(text: str) -> str:
    if not text:
        raise ValueError(text)
    return text


def _columns(text: str) -> list[str]:
    return [name for part in text.split(",") if (name := part.strip())]


_READERS: dict[str, Callable[[str], Any]] = {
    "enabled": lambda text: text == "yes",
    "retry_minutes": _minutes,
    "max_row_drop": _share,
    "min_match_rate": _share,
    "ops_days": int,
    "run_days": int,
    "file": _file,
    "zuora_columns": _columns,
}
