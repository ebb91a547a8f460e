"""How many records fit into a request or a job, and what a run costs.

Sources: REST API Developer Guide, "sObject Collections"; app limits cheat sheet, "Bulk API".
"""

from __future__ import annotations

MOST_READ = 2000
MOST_UPDATED = 200
MOST_IN_A_JOB = 50_000

MOST_BY_COLLECTIONS = 2000
"""Salesforce's line between synchronous calls and the Bulk API."""

MOST_BY_ID = 20_000
"""The most records that are read by their ids. Above, one query of the Bulk API costs fewer calls."""

_CALLS_OF_A_QUERY, _CALLS_OF_A_JOB = 12, 14


def calls_to_read(records: int) -> int:
    """Return about how many API calls it takes to read so many records."""
    return -(-records // MOST_READ) if records <= MOST_BY_ID else _CALLS_OF_A_QUERY


def calls_to_write(records: int) -> int:
    """Return about how many API calls it takes to write so many records: Collections for few, Bulk jobs for many."""
    if records <= MOST_BY_COLLECTIONS:
        return -(-records // MOST_UPDATED)
    return _CALLS_OF_A_JOB * -(-records // MOST_IN_A_JOB)
