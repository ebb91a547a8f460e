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

    Each has account_id, account_number, account_name, crm_account_id, salesforce_account_id and match_status, which is
    "gone" if the account left Zuora's list.
    """
    if wanted.is_empty:
        return [], 0
    values = {f"word{number}": word for number, word in enumerate(wanted.words)}
    values |= {"text": wanted.text, "lower": wanted.text.lower()}
    if wanted.salesforce_id:
        values["salesforce_id"] = wanted.salesforce_id
    rows = tx.records(
        render(
            "reports/search_accounts",
            words=len(wanted.words),
            by_number=wanted.may_be_number,
            by_salesforce_id=wanted.salesforce_id is not None,
            most=MOST,
        ),
        values,
    )
    return rows, rows[0]["of_all"] if rows else 0


def salesforce_account(tx: Transaction, salesforce_id: str) -> dict[str, Any] | None:
    """Return name and is_deleted of a Salesforce Account that was ever read, None if it never was."""
    rows = tx.records(
        'SELECT "Name" AS name, "IsDeleted" OR absent_since IS NOT NULL AS is_deleted '
        'FROM salesforce.raw_accounts WHERE "Id" = $id',
        {"id": salesforce_id},
    )
    return rows[0] if rows else None


def recently_changed(tx: Transaction) -> list[dict[str, Any]]:
    """Return some accounts whose attributes changed with the published sync, those with the most changes first."""
    return tx.records(
        "SELECT account_id, account_name, account_number, count(*) AS changes "
        "FROM insights.attribute_changes JOIN insights.account_attributes USING (account_id) "
        "WHERE changed_on = (SELECT max(synced_on) FROM insights.snapshot) AND is_current "
        f"GROUP BY ALL ORDER BY changes DESC, account_name, account_id LIMIT {_MOST_CHANGED}"
    )
