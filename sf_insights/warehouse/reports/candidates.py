"""Accounts of the other side with a similar name or website: suggestions for people, never links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sf_insights.domain.accounts import likeness
from sf_insights.domain.accounts.likeness import pattern_of, site_pattern
from sf_insights.domain.soql import WEBSITE_FIELD
from sf_insights.sql import identifier, render
from sf_insights.warehouse.transaction import Transaction

_RULES = {
    "legal_forms": likeness.LEGAL_FORMS,
    "most_candidates": likeness.MOST_CANDIDATES,
    "least_similarity": likeness.LEAST_SIMILARITY,
    "most_names_of_a_word": likeness.MOST_NAMES_OF_A_WORD,
}
_GIVEN = "SELECT unnest($given, max_depth := 2)"
_UNMATCHED = (
    "SELECT account_id AS id, account_name AS name, NULL AS website FROM insights.matched_accounts "
    "WHERE salesforce_account_id IS NULL"
)


def has_website(tx: Transaction) -> bool:
    """Tell whether the snapshot has the websites of Salesforce Accounts."""
    return WEBSITE_FIELD in tx.columns("salesforce", "raw_accounts")


def salesforce_candidates(
    tx: Transaction, accounts: Sequence[Mapping[str, Any]] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Return the Salesforce Accounts that are like Insights accounts, by the id of the Insights account.

    Args:
        tx: reads the snapshot.
        accounts: the Insights accounts, with account_id and account_name; None for all that have no match.

    Returns:
        at most three each, the best first, with id, name, website and similarity from 0 to 1.
    """
    website = identifier(WEBSITE_FIELD) if has_website(tx) else "NULL"
    theirs = (
        f'SELECT "Id" AS id, "Name" AS name, {website} AS website FROM salesforce.raw_accounts '
        'WHERE NOT "IsDeleted" AND absent_since IS NULL'
    )
    if accounts is None:
        return _found(
            tx.execute(render("matching/candidates", ours=_UNMATCHED, theirs=theirs, pattern=False, **_RULES))
        )
    given = [{"id": row["account_id"], "name": row["account_name"], "website": None} for row in accounts]
    return _of_given(tx, given, theirs)


def insights_candidates(tx: Transaction, accounts: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the unmatched Insights accounts that are like Salesforce Accounts, by the id of the Salesforce Account.

    Args:
        tx: reads the snapshot.
        accounts: the Salesforce Accounts, with salesforce_account_id, name and website.
    """
    given = [{"id": row["salesforce_account_id"], "name": row["name"], "website": row["website"]} for row in accounts]
    return _of_given(tx, given, _UNMATCHED)


def _of_given(tx: Transaction, given: Sequence[Mapping[str, Any]], theirs: str) -> dict[str, list[dict[str, Any]]]:
    """Look for the words of a few names first, since taking a million names apart takes seconds."""
    if not given:
        return {}
    values: dict[str, Any] = {"given": [{name: row[name] or "" for name in ("id", "name", "website")} for row in given]}
    names = tx.execute(render("matching/words_of_names", ours=_GIVEN, **_RULES), values)
    words = {word for _, words in names for word in words}
    if not words:
        return {}
    common = tx.execute(render("matching/common_words", **_RULES), {"pattern": "|".join(sorted(words))})
    telling = words - {word for (word,) in common}
    values["pattern"] = pattern_of([*([word] for word in telling), *(name for name, _ in names if name)])
    values["site_pattern"] = site_pattern(words)
    return _found(tx.execute(render("matching/candidates", ours=_GIVEN, theirs=theirs, pattern=True, **_RULES), values))


def _found(rows: Sequence[tuple[Any, ...]]) -> dict[str, list[dict[str, Any]]]:
    return {id_: list(candidates) for id_, candidates in rows}
