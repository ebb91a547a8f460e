"""What a person does with the outbound file between runs: accept a preview, try refused values again, start anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sf_insights.domain.outbound.settings import OutboundSync
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.outbound import runs
from sf_insights.outbound.described import forget_describes
from sf_insights.outbound.state import OutboundState
from sf_insights.outbound.values.source import select_text
from sf_insights.settings.environment import Places
from sf_insights.warehouse.transaction import Transaction

_FORGOTTEN = (
    "ops.acceptances",
    "ops.described_objects",
    "ops.found_records",
    "outbound.sent_values",
    "outbound.account_records",
    "outbound.leaving_records",
    "outbound.gone_records",
    "outbound.unsent_accounts",
    "outbound.rejects",
    "outbound.paused_fields",
)


def accept_preview(outbound: OutboundSync, places: Places, number: int | None = None) -> Mapping[str, Any]:
    """Accept a preview; return its run, and as `was_accepted` whether its mapping was accepted before.

    From then on, runs write with this mapping.

    Args:
        outbound: the settings.
        places: the home.
        number: the preview that the person read; None for the last one, if all previews since the last acceptance
            found the same.

    Raises:
        ConfigurationProblem: there is no such preview, it is of another mapping, or a newer one found something else.
        DatabaseInUse: a run has the file.
    """
    select = select_text(outbound, places.configuration)
    with _changed(places, "a person accepts a preview") as tx:
        preview = _chosen(runs.previews(tx), number)
        if not str(preview["fingerprint"]).startswith(outbound.fingerprint(select)):
            raise ConfigurationProblem(
                "The mapping has changed since the last preview.", "Run `sf-insights outbound preview` again."
            )
        was_accepted = runs.is_accepted(tx, preview["fingerprint"])
        if not was_accepted:  # a mapping that is accepted already keeps its guards
            runs.accept(tx, preview["fingerprint"], preview["run"])
    return {**preview, "was_accepted": was_accepted}


def _chosen(previews: Sequence[Mapping[str, Any]], number: int | None) -> Mapping[str, Any]:
    """Return the preview to accept: the last one, or the one with this number."""
    if not previews:
        raise ConfigurationProblem("There is no preview to accept.", "Run `sf-insights outbound preview` first.")
    newest = previews[-1]
    if number is None:
        same_mapping = [preview for preview in previews if preview["fingerprint"] == newest["fingerprint"]]
        if any(_findings(preview) != _findings(newest) for preview in same_mapping if not preview["is_answered"]):
            raise ConfigurationProblem(
                "There are several previews, and they found different values.",
                f"Say which one you read: the last one is `sf-insights outbound accept {newest['run']}`.",
            )
        return newest
    chosen = next((preview for preview in previews if preview["run"] == number), None)
    if chosen is None:
        raise ConfigurationProblem(
            f"There is no preview {number}.", "`sf-insights outbound preview` makes one and prints its number."
        )
    if _findings(chosen) != _findings(newest):
        raise ConfigurationProblem(
            f"Preview {newest['run']} is newer than the one that you read ({number}), and found other values.",
            "Look at `sf-insights outbound preview`, and accept that one.",
        )
    return chosen


def _findings(preview: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes two previews the same to the person who reads one of them: mapping, snapshot and numbers."""
    names = ("fingerprint", "snapshot_sync", "to_write", "rejected", "fields")
    return tuple(preview[name] for name in names)


def retry_refused(places: Places) -> int:
    """Let the next run send every value again that Salesforce refused; return their number."""
    with _changed(places, "a person tries refused values again") as tx:
        count: int = tx.value("SELECT count(*) FROM outbound.rejects WHERE refused_by = 'Salesforce'")
        tx.execute("DELETE FROM outbound.rejects WHERE refused_by = 'Salesforce'")
        tx.execute("DELETE FROM outbound.gone_records")
        forget_describes(tx)
    return count


def forget_sent(places: Places) -> None:
    """Forget what was sent, and to which org. The next run needs a preview, and rewrites nothing that is in place."""
    with _changed(places, "a person starts anew") as tx:
        if tx.value("SELECT count(*) FROM ops.batches WHERE state != 'settled' AND state != 'planned'"):
            raise ConfigurationProblem(
                "The last run did not end, and it is unknown what it wrote.", "Run `sf-insights outbound send` first."
            )
        for table in _FORGOTTEN:
            tx.execute(f"DELETE FROM {table}")
        tx.execute("UPDATE ops.outbound SET org_id = NULL")


@contextmanager
def _changed(places: Places, purpose: str) -> Iterator[Transaction]:
    """Change the file in one transaction, and publish it."""
    state = OutboundState.of(places)
    state.open(purpose)
    try:
        with state.transaction() as tx:
            yield tx
        state.publish(places.published_outbound)
    finally:
        state.close()
