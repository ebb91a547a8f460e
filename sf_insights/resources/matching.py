"""Matching as one step of the warehouse: today's matches, the guard over them, and what they change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sf_insights.domain.problems import GuardRefusal
from sf_insights.domain.salesforce_ids import OBJECTS_BY_PREFIX
from sf_insights.domain.visibility import hidden_accounts
from sf_insights.resources.syncs import Sync
from sf_insights.resources.warehouse import VERSION, Transaction
from sf_insights.sql import literal

MATCHED = ("matched", "matched_by_merge")
STATUSES = (
    *MATCHED,
    "no_crm_account_id",
    "invalid_crm_account_id",
    "not_an_account_id",
    "not_found",
    "deleted",
)


@dataclass(frozen=True)
class MatchCounts:
    """How many accounts of Zuora's list have which status; statuses without accounts are 0."""

    by_status: dict[str, int]

    @property
    def matched(self) -> int:
        return sum(self.by_status[status] for status in MATCHED)

    @property
    def with_crm_account_id(self) -> int:
        return sum(self.by_status.values()) - self.by_status["no_crm_account_id"]

    @property
    def rate(self) -> float:
        """The share of the accounts with a CRM Account ID that are matched; 1 when none has one."""
        return self.matched / self.with_crm_account_id if self.with_crm_account_id else 1.0


def match_accounts(tx: Transaction, sync: Sync) -> MatchCounts:
    """Match today's list and write what is new about it.

    Raises:
        GuardRefusal: too few accounts match.
    """
    objects = ", ".join(f"{literal(prefix)}: {literal(name)}" for prefix, name in OBJECTS_BY_PREFIX.items())
    is_first = tx.is_empty("ops.account_matches")
    # Another version may have other rules.
    everything = is_first or tx.value("SELECT max(sf_insights_version) FROM insights.snapshot") != VERSION
    tx.run(
        "insights_matched_accounts",
        objects=f"MAP {{{objects}}}",
        is_first=is_first,
        everything=everything,
        since=sync.since,
        day=_date(sync.day),
        previous_day=_date(sync.previous_day),
        hidden=_hidden_accounts(tx, sync),
    )
    columns = tx.columns("ops", "account_matches").keys() - {"accounts_sharing", "changed_in_sync"}
    tx.run(
        "ops_account_matches",
        {"sync": sync.number},
        columns=sorted(columns),
        is_first=is_first,
        everything=everything,
    )
    tx.run("view_matched_accounts")
    counted = dict(tx.execute("SELECT match_status, count(*) FROM ops.account_matches GROUP BY match_status"))
    counts = MatchCounts({status: counted.get(status, 0) for status in STATUSES})
    _guard_match_rate(sync, counts)
    return counts


def _date(day: date | None) -> str:
    """A date where a view stands, which takes no parameters."""
    return "NULL::DATE" if day is None else f"DATE '{day}'"


def _hidden_accounts(tx: Transaction, sync: Sync) -> str:
    """What to add to the reason of an account that was not found when many accounts cannot be seen; else nothing."""
    [(seen, counted)] = tx.execute(
        "SELECT salesforce_accounts, salesforce_record_count FROM ops.sync_runs WHERE sync = $sync",
        {"sync": sync.number},
    )
    hidden = hidden_accounts(seen, counted)
    return f" {hidden}, so it may also be hidden: the permission View All on Account is missing." if hidden else ""


def _guard_match_rate(sync: Sync, counts: MatchCounts) -> None:
    least = sync.configuration.guards.min_match_rate
    if counts.rate < least and "match-rate" not in sync.accepted:
        raise GuardRefusal(
            f"Only {counts.matched:,} of {counts.with_crm_account_id:,} accounts with a CRM Account ID match a "
            f"Salesforce Account ({counts.rate:.0%}; at least {least:.0%} must).",
            "The ids may be those of another org, such as a sandbox before its refresh; nothing was changed. If it is "
            "right, accept it for one run with `sf-insights sync --accept match-rate`.",
        )
