"""Lists to work on: narrowed, sorted, by pages, with what was fixed since the sync before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sf_insights.sql import identifier, literal, render
from sf_insights.warehouse.reports.candidates import has_website
from sf_insights.warehouse.transaction import Transaction

_MOST_FIXED = 20


@dataclass(frozen=True)
class Worklist:
    """One list. `name` is that of its SQL file, `group` the column that narrows it.

    `searched` are the columns that a text is looked for in, `sorts` the columns that order it, the first by default,
    and `key` the columns that make the order unique.
    """

    name: str
    searched: tuple[str, ...]
    sorts: tuple[str, ...]
    key: tuple[str, ...]
    group: str | None = None


UNMATCHED = Worklist(
    "unmatched",
    searched=("account_name", "account_number", "crm_account_id", "account_id"),
    sorts=("match_status", "account_name", "account_number", "crm_account_id", "match_status_since"),
    key=("account_number", "account_id"),
    group="match_status",
)
REJECTED = Worklist(
    "rejected",
    searched=("label", "field", "salesforce_account_id", "salesforce_account_name", "text"),
    sorts=("field", "salesforce_account_name", "text", "reason"),
    key=("field", "salesforce_account_id"),
    group="field",
)
UNREFERENCED = Worklist(
    "unreferenced",
    searched=("name", "salesforce_account_id"),
    sorts=("name", "salesforce_account_id"),
    key=("name", "salesforce_account_id"),
)


@dataclass(frozen=True)
class Narrowed:
    """What a person asked to see. `sort` is one of the list's, or the list's own order is used.

    `group_names` are the texts that the groups are shown as; the list is sorted by them.
    """

    text: str = ""
    group: str = ""
    sort: str = ""
    is_descending: bool = False
    page: int = 1
    group_names: Mapping[str, str] = field(default_factory=dict)


def rows(
    tx: Transaction, worklist: Worklist, narrowed: Narrowed | None = None, most: int | None = None
) -> list[dict[str, Any]]:
    """Return the rows of one page in their order, or all of them if `most` is None."""
    seen = narrowed or Narrowed()
    where, values = _where(worklist, seen)
    sort = seen.sort if seen.sort in worklist.sorts else worklist.sorts[0]
    direction = "DESC" if seen.is_descending else "ASC"
    keys = ", ".join(identifier(name) for name in worklist.key if name != sort)
    if most is not None:
        values |= {"most": most, "skipped": (seen.page - 1) * most}
    return tx.records(
        f"SELECT * FROM ({_relation(tx, worklist)}) WHERE {where} "
        f"ORDER BY {_sorted_by(worklist, seen, sort)} {direction} NULLS LAST, {keys}"
        + (" LIMIT $most OFFSET $skipped" if most is not None else ""),
        values,
    )


def _sorted_by(worklist: Worklist, seen: Narrowed, sort: str) -> str:
    """Return the expression that orders the list: the shown texts, in any letter case."""
    column = identifier(sort)
    if sort == worklist.group and seen.group_names:
        names = " ".join(f"WHEN {literal(group)} THEN {literal(name)}" for group, name in seen.group_names.items())
        column = f"CASE {column} {names} ELSE {column} END"
    return f"lower({column}::VARCHAR)"


def count(tx: Transaction, worklist: Worklist, narrowed: Narrowed | None = None) -> int:
    """Return how many rows all pages have."""
    where, values = _where(worklist, narrowed or Narrowed())
    return int(tx.value(f"SELECT count(*) FROM ({_relation(tx, worklist)}) WHERE {where}", values))


def counts(tx: Transaction, worklist: Worklist, group: str = "") -> dict[str, int]:
    """Return the number of rows of each group, the largest first; only of one `group` if it is given.

    A list without groups has none.
    """
    if worklist.group is None:
        return {}
    column = identifier(worklist.group)
    return dict(
        tx.execute(
            f"SELECT {column}, count(*) FROM ({_relation(tx, worklist)}) WHERE $group = '' OR {column} = $group "
            "GROUP BY ALL ORDER BY 2 DESC, 1",
            {"group": group},
        )
    )


def fixed(tx: Transaction, worklist: Worklist) -> tuple[list[dict[str, Any]], int]:
    """Return some rows that left the list with the published sync, and how many did.

    Each has account_id (None if there is none), name, detail and was.
    """
    found = tx.records(
        f"SELECT *, count(*) OVER () AS of_all FROM ({render(f'reports/fixed_{worklist.name}')}) LIMIT {_MOST_FIXED}"
    )
    return found, found[0]["of_all"] if found else 0


def days(tx: Transaction) -> tuple[Any, Any]:
    """Return the day of the published sync and of the complete one before it, each None if there is none."""
    [found] = tx.execute(
        "SELECT max(synced_on), (SELECT max(day) FROM ops.sync_runs WHERE state = 'complete' "
        "AND day < (SELECT max(synced_on) FROM insights.snapshot)) FROM insights.snapshot"
    )
    return found[0], found[1]


def _relation(tx: Transaction, worklist: Worklist) -> str:
    return render(f"reports/{worklist.name}", has_website=has_website(tx))


def _where(worklist: Worklist, seen: Narrowed) -> tuple[str, dict[str, Any]]:
    where, values = ["true"], dict[str, Any]()
    if seen.group and worklist.group:
        where.append(f"{identifier(worklist.group)} = $group")
        values["group"] = seen.group
    for number, word in enumerate(seen.text.lower().split()[:6]):
        columns = " OR ".join(f"contains(lower({identifier(name)}), $word{number})" for name in worklist.searched)
        where.append(f"({columns})")
        values[f"word{number}"] = word
    return " AND ".join(where), values
