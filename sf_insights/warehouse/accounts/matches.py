"""Match the accounts of Zuora's list in the warehouse, and guard the match rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sf_insights.domain.accounts.statuses import STATUSES
from sf_insights.domain.problems import GuardRefusal
from sf_insights.domain.salesforce_ids import OBJECTS_BY_PREFIX
from sf_insights.domain.visibility import hidden_accounts
from sf_insights.sql import literal, render
from sf_insights.warehouse.syncs.syncs import Sync
from sf_insights.warehouse.transaction import Transaction
from sf_insights.warehouse.versions import VERSION

_MAY_BE_HIDDEN = "so it may also be hidden"  # the reasons with the hint of `_hidden_accounts` are found by it
NO_CRM_ACCOUNT_IDS = "No account has a CRM Account ID, so none can be matched."
ENTER_CRM_ACCOUNT_IDS = "Enter the ids of the Salesforce Accounts in Zuora, in the field CRM Account ID."


@dataclass(frozen=True)
class MatchRate:
    """How many accounts of Zuora's list matched on a day, a row of ops.match_rate.

    `rate` is the share of the accounts with a CRM Account ID that match, from 0 to 1; 0 if no account has one.
    """

    day: date
    accounts: int
    with_crm_account_id: int
    matched: int
    rate: float


def match_rates(tx: Transaction, most: int) -> list[MatchRate]:
    """Return the match rates of the last synced days, newest first; empty before the first matching."""
    rows = tx.records("FROM ops.match_rate ORDER BY day DESC LIMIT $most", {"most": most})
    return [MatchRate(**row) for row in rows]


def match_counts(tx: Transaction) -> dict[str, int]:
    """Return the current number of accounts by status, in the order of STATUSES; empty before the first matching."""
    counted = dict(tx.execute("SELECT match_status, accounts FROM ops.match_counts QUALIFY day = max(day) OVER ()"))
    return {status: counted[status] for status in STATUSES if status in counted}


def known_ids(tx: Transaction, ids: Sequence[str]) -> int:
    """Count the 18-character ids, each as often as it is given, that a match would find in the last sync."""
    return int(tx.value(render("matching/known_ids"), {"ids": ids}))


def match_accounts(tx: Transaction, sync: Sync) -> MatchRate:
    """Match today's list, write the changed matches, and return the match rate.

    Raises:
        GuardRefusal: too few accounts match.
    """
    objects = ", ".join(f"{literal(prefix)}: {literal(name)}" for prefix, name in OBJECTS_BY_PREFIX.items())
    is_first = tx.is_empty("ops.account_matches")
    # Match all accounts again after an upgrade, since the rules may have changed.
    everything = is_first or tx.value("SELECT max(sf_insights_version) FROM insights.snapshot") != VERSION
    tx.run(
        "matching/todays_matches",
        objects=f"MAP {{{objects}}}",
        is_first=is_first,
        everything=everything,
        since=sync.since,
        day=_date(sync.day),
        previous_day=_date(sync.previous_day),
        hidden=_hidden_accounts(tx, sync),
        may_be_hidden=_MAY_BE_HIDDEN,
    )
    columns = tx.columns("ops", "account_matches").keys() - {"accounts_sharing", "changed_in_sync"}
    tx.run(
        "ops/account_matches",
        {"sync": sync.number},
        columns=sorted(columns),
        is_first=is_first,
        everything=everything,
    )
    tx.run("insights/matched_accounts")
    tx.execute(
        "UPDATE ops.sync_runs SET matched_accounts = (SELECT count(*) FROM ops.account_matches "
        "JOIN ops.match_statuses USING (match_status) WHERE is_matched) WHERE sync = $sync",
        {"sync": sync.number},
    )
    [found] = match_rates(tx, 1)
    _guard_match_rate(sync, found)
    return found


def _date(day: date | None) -> str:
    """Return a date as a SQL literal, because a view does not take parameters."""
    return "NULL::DATE" if day is None else f"DATE '{day}'"


def _hidden_accounts(tx: Transaction, sync: Sync) -> str:
    """Return a hint to add to the reason of accounts that were not found; "" unless many Accounts may be hidden."""
    [(seen, counted)] = tx.execute(
        "SELECT salesforce_accounts, salesforce_record_count FROM ops.sync_runs WHERE sync = $sync",
        {"sync": sync.number},
    )
    hidden = hidden_accounts(seen, counted)
    return f" {hidden}, {_MAY_BE_HIDDEN}: the permission View All on Account is missing." if hidden else ""


def _guard_match_rate(sync: Sync, found: MatchRate) -> None:
    least = sync.configuration.guards.min_match_rate
    if found.rate >= least or "match-rate" in sync.accepted:
        return
    accept = "If this is correct, accept it for one run with `sf-insights sync --accept match-rate`."
    if not found.with_crm_account_id:
        raise GuardRefusal(NO_CRM_ACCOUNT_IDS, f"{ENTER_CRM_ACCOUNT_IDS} Nothing was changed. {accept}")
    raise GuardRefusal(
        f"Only {found.matched:,} of {found.with_crm_account_id:,} accounts with a CRM Account ID match a "
        f"Salesforce Account ({found.rate:.0%}; at least {least:.0%} must).",
        f"The ids may be from another org, such as a sandbox before its refresh. Nothing was changed. {accept}",
    )
