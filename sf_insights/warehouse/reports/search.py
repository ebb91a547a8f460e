"""Search the accounts of the published snapshot."""

from __future__ import annotations

from typing import Any

from sf_insights.domain.accounts.wanted import Wanted
from sf_insights.sql import render
from sf_insights.warehouse.transaction import Transaction

MOST = 50
_MOST_CHANGED = 12


def search(tx: Transaction, wanted: Wanted) -> tuple[list[dict[str, Any]], int]:
    """Return the first accounts that are found, the best first, and how many there are.

    Each has account_id, account_number, account_name, crm_account_id, salesforce_account_id, match_status ("gone" if it
    left Zuora's list) and place, which is 0 if an id or the number is what was typed. Accounts that left the list are
    looked for if the list has few.
    """
    if wanted.is_empty:
        return [], 0
    rows, of_all = _listed(tx, wanted)
    former: list[dict[str, Any]] = []
    if len(rows) < MOST and not any(row["place"] == 0 for row in rows):
        known = {row["account_id"] for row in rows}
        former = [row for row in _found(tx, wanted, "unmatched") if row["account_id"] not in known]
    matches = {
        id_: {"salesforce_account_id": salesforce_id, "match_status": status}
        for id_, salesforce_id, status in tx.execute(
            "SELECT account_id, salesforce_account_id, match_status FROM ops.account_matches "
            "WHERE account_id IN (SELECT unnest($ids))",
            {"ids": [row["account_id"] for row in (*rows, *former)]},
        )
    }
    gone = {"salesforce_account_id": None, "match_status": "gone"}
    found = [row | matches.get(row["account_id"], gone) for row in rows]
    found += [row | gone for row in former if row["account_id"] not in matches]
    of_all += len(found) - len(rows)
    return sorted(found, key=lambda row: row["place"])[:MOST], of_all


def _listed(tx: Transaction, wanted: Wanted) -> tuple[list[dict[str, Any]], int]:
    """Look in Zuora's list: for the text as an id or number, for the Salesforce id in it, or else for words."""
    rows = _found(tx, wanted, "exact")
    if wanted.salesforce_id and len(rows) != 1:
        ids = tx.execute(render("reports/accounts_of_salesforce_id"), {"salesforce_id": wanted.salesforce_id})
        known = {id_ for (id_,) in ids} | {row["account_id"] for row in rows}
        rows = _found(tx, wanted, "ids", ids=sorted(known))
    elif not rows:
        rows = _found(tx, wanted, "words")
    return rows, rows[0]["of_all"] if rows else 0


def _found(tx: Transaction, wanted: Wanted, kind: str, **values: Any) -> list[dict[str, Any]]:
    if kind != "ids":
        values["text"] = wanted.text
    if kind in ("words", "unmatched"):
        values |= {f"word{number}": word for number, word in enumerate(wanted.words)}
        values["lower"] = wanted.text.lower()
    sql = render(
        "reports/search_accounts", kind=kind, words=len(wanted.words), by_number=wanted.may_be_number, most=MOST
    )
    return tx.records(sql, values)


def salesforce_account(tx: Transaction, salesforce_id: str) -> dict[str, Any] | None:
    """Return name and is_deleted of a Salesforce Account that was ever read, None if it never was."""
    rows = tx.records(
        'SELECT "Name" AS name, "IsDeleted" OR absent_since IS NOT NULL AS is_deleted '
        'FROM salesforce.raw_accounts WHERE "Id" = $id',
        {"id": salesforce_id},
    )
    return rows[0] if rows else None


def recently_changed(tx: Transaction) -> list[dict[str, Any]]:
    """Return some accounts whose attributes or metrics changed with the published sync, the most changed first."""
    # The view insights.metric_changes would compare the metrics of all days: seconds for a million accounts.
    return tx.records(
        "SELECT account_id, held.account_name, account_number, count(*) AS changes "
        f"FROM ({render('ops/changed_values')}) JOIN insights.account_attributes AS held USING (account_id) "
        "WHERE is_current "
        f"GROUP BY ALL ORDER BY changes DESC, lower(any_value(held.account_name)), account_id LIMIT {_MOST_CHANGED}",
        {"day": tx.value("SELECT max(synced_on) FROM insights.snapshot")},
    )
