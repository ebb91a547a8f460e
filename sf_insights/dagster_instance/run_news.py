"""The events of a run as news: for the terminal, and for the note that the pages read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sf_insights.dagster_instance.names import Names

if TYPE_CHECKING:  # importing dagster takes a second; commands that only read do without it
    import dagster as dg

_WARNING = 30
_PLAIN = Names()


@dataclass(frozen=True)
class News:
    """News of one step of a run: it began, said something, made a table, ended, or failed.

    `facts` is the metadata of the table, by name.
    """

    step: str
    kind: Literal["began", "said", "warned", "made", "ended", "failed"]
    text: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def news_listener(on_news: Callable[[News], None], names: Names = _PLAIN) -> Callable[..., None]:
    """Return a listener for the events of a run that turns them into news.

    The steps in the news have no prefix, so that every home shows the same words.
    """
    import dagster as dg

    kinds: dict[str, Literal["began", "ended", "failed"]] = {
        "STEP_START": "began",
        "STEP_SUCCESS": "ended",
        "STEP_FAILURE": "failed",
    }
    running: set[str] = set()

    def listen(entry: dg.EventLogEntry, *_: object) -> None:
        if not entry.step_key:
            return
        step = names.plain(entry.step_key)
        event = entry.dagster_event
        if event is None:
            if entry.step_key not in running:
                return  # Dagster's messages about steps that it skips
            on_news(News(step, "warned" if int(entry.level) >= _WARNING else "said", entry.user_message))
        elif event.event_type_value == "ASSET_MATERIALIZATION":
            metadata = event.step_materialization_data.materialization.metadata
            on_news(News(step, "made", facts={name: value.value for name, value in metadata.items()}))
        elif event.event_type_value == "ASSET_CHECK_EVALUATION":
            check = event.asset_check_evaluation_data
            if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR:
                on_news(News(step, "warned", f"the check {check.check_name} did not pass"))
        elif event.event_type_value in kinds:
            kind = kinds[event.event_type_value]
            (running.add if kind == "began" else running.discard)(entry.step_key)
            on_news(News(step, kind))

    return listen
