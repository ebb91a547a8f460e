"""The describe of an object as a run last read it, so that a run with nothing to do asks Salesforce for nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sf_insights.system.clock import now
from sf_insights.warehouse.transaction import Transaction

_KEPT = ("name", "updateable", "queryable", "fields")


def kept_describe(tx: Transaction, object_name: str, since: datetime | None = None) -> Mapping[str, Any] | None:
    """Return the kept describe of an object; None if there is none, or none that was read after `since`."""
    text = tx.value(
        "SELECT described FROM ops.described_objects WHERE object = $object AND ($since IS NULL OR read_at > $since)",
        {"object": object_name, "since": since},
    )
    found: Mapping[str, Any] | None = json.loads(text) if text else None
    return found


def keep_describe(tx: Transaction, object_name: str, described: Mapping[str, Any]) -> None:
    """Replace the kept describe of an object."""
    kept = json.dumps({name: described.get(name) for name in _KEPT})
    tx.execute("DELETE FROM ops.described_objects WHERE object = $object", {"object": object_name})
    tx.insert("ops.described_objects", [{"object": object_name, "described": kept, "read_at": now().isoformat()}])


def forget_describes(tx: Transaction) -> None:
    """Let the next run read the describe: what the user may write has changed, or a person says so."""
    tx.execute("DELETE FROM ops.described_objects")
