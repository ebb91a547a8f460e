"""Collect what alerts report after publishing."""

from __future__ import annotations

from sf_insights.domain.syncs.alerts import Published
from sf_insights.warehouse.transaction import Transaction


def published_state(tx: Transaction, *, brings_sync: bool) -> Published:
    """Return the state of the last complete sync, compared with the last published sync of an earlier day."""
    [(day,)] = tx.execute("SELECT synced_on FROM insights.snapshot")
    days = {
        "day": day,
        "before": tx.value(
            "SELECT max(day) FROM ops.sync_runs WHERE published_at IS NOT NULL AND day < $day", {"day": day}
        ),
    }
    rates = dict(tx.execute("SELECT day, rate FROM ops.match_rate WHERE day IN ($day, $before)", days))
    return Published(
        day=day,
        brings_sync=brings_sync,
        paused=dict(tx.execute("SELECT field, status_reason FROM insights.fields WHERE status = 'paused' ORDER BY 1")),
        new_labels=dict(
            tx.execute(
                "SELECT DISTINCT field, label FROM insights.field_events JOIN insights.field_labels USING (field) "
                "WHERE event = 'activated' AND date <= $day AND ($before IS NULL OR date > $before) "
                "AND label_source = 'default'",
                days,
            )
        ),
        match_rate=rates[day],
        previous_match_rate=rates.get(days["before"]),
    )
