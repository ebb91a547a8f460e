"""Delete expired history from the schema ops.

Its other tables do not expire: the current values and matches, the state before the last day, and ops.match_changes.
From the latter, insights shows since when an account has its status and when an old value was last seen.
"""

from __future__ import annotations

from datetime import timedelta

from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction


def delete_expired(tx: Transaction, sync: Sync) -> None:
    """Delete history older than `retention.ops_days`, but keep the previous synced day, however long ago it was."""
    oldest = sync.day - timedelta(days=sync.configuration.retention.ops_days)
    horizon = min(oldest, sync.previous_day or sync.day)
    tx.run("ops/retention", {"day": sync.day, "horizon": horizon})
