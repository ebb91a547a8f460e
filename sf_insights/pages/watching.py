"""What monitoring asks the pages for: /metrics in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version

from starlette.responses import Response

from sf_insights.orgs.health import HealthReader, OrgHealth
from sf_insights.system.clock import now

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
STATES = ("complete", "running", "partial", "failed", "died")
_Value = float | int | None

# Name, help, and the value of an org; an org without a value has no sample.
_METRICS: tuple[tuple[str, str, Callable[[OrgHealth], _Value]], ...] = (
    ("org_well", "1 if the org needs no attention: synced in the last 26 hours, or paused.", lambda one: one.is_well),
    ("org_paused", "1 if the syncs of the org are switched off.", lambda one: one.state == "paused"),
    ("sync_running", "1 while a sync runs.", lambda one: one.is_running),
    (
        "snapshot_age_seconds",
        "Time since the snapshot was published.",
        lambda one: (now() - one.facts.published_at).total_seconds() if one.facts.published_at else None,
    ),
    (
        "lake_age_seconds",
        "Time since the lake was published; without a lake, there is no sample.",
        lambda one: (now() - one.facts.lake_published_at).total_seconds() if one.facts.lake_published_at else None,
    ),
    ("last_sync_seconds", "How long the last sync took.", lambda one: one.facts.sync_seconds),
    ("last_sync_api_calls", "Salesforce API calls of the last sync.", lambda one: one.facts.api_calls),
    ("accounts", "Insights accounts.", lambda one: one.facts.accounts),
    ("matched_accounts", "Insights accounts that are matched.", lambda one: one.facts.matched),
    ("match_ratio", "Share of matched accounts among those with a CRM Account ID.", lambda one: one.facts.match_rate),
    ("rejected_values", "Values of the published sync that do not fit their type.", lambda one: one.facts.rejected),
    ("paused_fields", "Selected fields that are paused.", lambda one: one.facts.paused_fields),
)


def metrics_of(readers: Iterable[HealthReader]) -> Response:
    """Answer with the metrics of these orgs."""
    return Response(metrics_text([reader.get() for reader in readers]), media_type=CONTENT_TYPE)


def metrics_text(orgs: Sequence[OrgHealth]) -> str:
    """Return the metrics in Prometheus' text format. A home that stands alone has no label `org`."""
    lines = [*_family("build_info", "The version of sf_insights."), _sample("build_info", 1, version=_version())]
    for name, meaning, value in _METRICS:
        lines += _family(name, meaning)
        for one in orgs:
            if (found := value(one)) is not None:
                lines.append(_sample(name, found, org=one.org))
    lines += _family("last_sync_state", "1 for the state of the last sync, 0 for the other states.")
    for one in orgs:
        if one.facts.sync_state:
            lines += [
                _sample("last_sync_state", one.facts.sync_state == state, org=one.org, state=state) for state in STATES
            ]
    return "\n".join(lines) + "\n"


def _family(name: str, meaning: str) -> list[str]:
    return [f"# HELP sf_insights_{name} {meaning}", f"# TYPE sf_insights_{name} gauge"]


def _sample(name: str, value: float | bool, **labels: str | None) -> str:
    shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items() if text is not None)
    return f"sf_insights_{name}{f'{{{shown}}}' if shown else ''} {float(value):.15g}"


def _escaped(text: str) -> str:
    """Escape the value of a label; a directory that is not an org may have any name."""
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _version() -> str:
    return version("sf-insights")
