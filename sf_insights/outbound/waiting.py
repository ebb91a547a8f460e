"""Why a scheduled run would achieve nothing now."""

from __future__ import annotations

from contextlib import suppress

from sf_insights.domain.outbound.settings import OutboundSync
from sf_insights.domain.problems import WarehouseProblem
from sf_insights.domain.wording import counted
from sf_insights.outbound.reading import reading_outbound
from sf_insights.outbound.values.source import select_text
from sf_insights.settings.environment import Places
from sf_insights.warehouse.transaction import Transaction


def reason_to_wait(outbound: OutboundSync, places: Places) -> str | None:
    """Return why the next run should wait for a person: to accept a preview, or to look at what the last run wrote.

    Raises:
        ConfigurationProblem: the administrator's SELECT cannot be read.
    """
    fingerprint = outbound.fingerprint(select_text(outbound, places.configuration))
    with suppress(WarehouseProblem), reading_outbound(places) as tx:
        last = tx.records("SELECT run, fingerprint, state, written FROM outbound.runs ORDER BY run DESC LIMIT 1")
        if last and last[0]["state"] in ("refused", "preview") and str(last[0]["fingerprint"]).startswith(fingerprint):
            accepted = tx.value("SELECT fingerprint FROM ops.acceptances ORDER BY accepted_at DESC LIMIT 1")
            if accepted != last[0]["fingerprint"]:
                return "The mapping waits for a person to accept its preview: `sf-insights outbound accept`."
        if (written := _written_before_refusal(tx, fingerprint)) is not None:
            return (
                f"The last run was refused after it wrote {counted(written, 'record')}. Look at the reason,"
                " then run `sf-insights outbound send`."
            )
    return None


def _written_before_refusal(tx: Transaction, fingerprint: str) -> int | None:
    """Return how many records the last run of this mapping wrote before it was refused; previews do not count as runs.

    None if it was not refused, or wrote nothing.
    """
    last = tx.records(
        "SELECT fingerprint, state, written FROM outbound.runs WHERE NOT is_preview ORDER BY run DESC LIMIT 1"
    )
    if not last or last[0]["state"] != "refused" or not str(last[0]["fingerprint"]).startswith(fingerprint):
        return None
    return last[0]["written"] or None
