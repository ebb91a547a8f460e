"""How long the schema ops keeps what is there for looking back.

The rest of it is no history: what each account and each match is now, how it was before the last day, and
ops.match_changes, from which insights tells since when an account has its status and when an old value was seen last.
"""

from __future__ import annotations

from datetime import timedelta

from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction


def forget_the_past(tx: Transaction, sync: Sync) -> None:
    """Delete what is older than the configured days; the day before this sync's, however long ago, stays whole."""
    oldest = sync.day - timedelta(days=sync.configuration.retention.ops_days)
    horizon = min(oldest, sync.previous_day or sync.day)
    tx.run("ops/retention", {"day": sync.day, "horizon": horizon})
