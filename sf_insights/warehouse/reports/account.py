"""Everything that the published snapshot knows about one account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sf_insights.domain.accounts.periods import Change, Period, periods, periods_of_days
from sf_insights.domain.soql import WEBSITE_FIELD
from sf_insights.sql import identifier, render
from sf_insights.warehouse.reports.candidates import has_website
from sf_insights.warehouse.transaction import Transaction

MOST_SHARING = 20


@dataclass(frozen=True)
class AttributeValues:
    """An attribute of the account: a row of insights.fields with its label, its values and its changes.

    The present value comes first, and the oldest change.
    """

    field: dict[str, Any]
    periods: list[Period]
    changes: list[Change]


@dataclass(frozen=True)
class MetricValues:
    """A metric of the account: its field, the value and currency of each synced day, its periods and its changes.

    The newest period comes first, and the oldest change.
    """

    field: dict[str, Any]
    days: list[tuple[date, float, str | None]]
    periods: list[Period]
    changes: list[Change]


@dataclass(frozen=True)
class Account:
    """One account. `match` is its row of insights.matched_accounts, None if it left Zuora's list.

    `salesforce` has id, name and website of its Salesforce Account, or of the last one. `is_current`: the values are
    those of today.
    """

    account_id: str
    name: str | None
    number: str | None
    match: dict[str, Any] | None
    salesforce: dict[str, Any] | None
    is_current: bool
    last_current_on: date | None
    attributes: list[AttributeValues]
    metrics: list[MetricValues]
    sharing: list[dict[str, Any]]
    match_changes: list[tuple[date, str]]


def account(tx: Transaction, account_id: str) -> Account | None:
    """Return an account of today's list or one that left it; None if it was never known."""
    match = _first(tx, "FROM insights.matched_accounts WHERE account_id = $id", account_id)
    values = _first(tx, "FROM insights.account_attributes WHERE account_id = $id", account_id)
    known = match or values
    if known is None:
        return None
    last = values["salesforce_account_id"] if values else None
    salesforce_id = (match["salesforce_account_id"] if match else None) or last
    return Account(
        account_id=account_id,
        name=known["account_name"],
        number=known["account_number"],
        match=match,
        salesforce=_salesforce_account(tx, salesforce_id),
        is_current=bool(values and values["is_current"]),
        last_current_on=values["synced_on"] if values else None,
        attributes=_attributes(tx, values) if values else [],
        metrics=_metrics(tx, account_id) if values else [],
        sharing=_sharing(tx, match) if match else [],
        match_changes=tx.execute(
            "SELECT changed_on, match_status FROM ops.match_changes WHERE account_id = $id ORDER BY changed_on DESC",
            {"id": account_id},
        ),
    )


def _first(tx: Transaction, sql: str, account_id: str) -> dict[str, Any] | None:
    rows = tx.records(sql, {"id": account_id})
    return rows[0] if rows else None


def _salesforce_account(tx: Transaction, salesforce_id: str | None) -> dict[str, Any] | None:
    if salesforce_id is None:
        return None
    website = identifier(WEBSITE_FIELD) if has_website(tx) else "NULL"
    return _first(
        tx,
        f'SELECT "Id" AS id, "Name" AS name, {website} AS website FROM salesforce.raw_accounts WHERE "Id" = $id',
        salesforce_id,
    ) or {"id": salesforce_id, "name": None, "website": None}


def _sharing(tx: Transaction, match: dict[str, Any]) -> list[dict[str, Any]]:
    """Return some of the other accounts with the same Salesforce Account."""
    if match["accounts_sharing"] < 2:
        return []
    return tx.records(
        "SELECT account_id, account_number, account_name, account_status FROM insights.matched_accounts "
        "WHERE salesforce_account_id = $salesforce_id AND account_id != $id "
        f"ORDER BY lower(account_name), account_id LIMIT {MOST_SHARING}",
        {"salesforce_id": match["salesforce_account_id"], "id": match["account_id"]},
    )


def _attributes(tx: Transaction, values: dict[str, Any]) -> list[AttributeValues]:
    changes: dict[str, list[Change]] = defaultdict(list)
    for field, day, old, new, reason, source in tx.execute(
        "SELECT field, changed_on, old_value, new_value, reason, source FROM insights.attribute_changes "
        "WHERE account_id = $id ORDER BY changed_on",
        {"id": values["account_id"]},
    ):
        changes[field].append(Change(day, old, new, reason, source=source))
    starts = dict(
        tx.execute(
            render("reports/history_starts"),
            {"id": values["account_id"], "first_matched_on": values["first_matched_on"]},
        )
    )
    found = []
    for field in _fields(tx, "attribute"):
        first_day = max(field["first_day"], values["first_matched_on"])
        value, past = values[field["field"]], changes[field["field"]]
        known = starts.get(field["field"]) or first_day
        source = "history" if known < first_day else "sync"
        found.append(AttributeValues(field, periods(value, past, min(known, first_day), source), past))
    return found


def _metrics(tx: Transaction, account_id: str) -> list[MetricValues]:
    intervals: dict[str, list[Period]] = defaultdict(list)
    for metric, value, since, until, currency in tx.execute(
        "SELECT metric, value, valid_from, valid_to, currency FROM insights.metric_history WHERE account_id = $id "
        "AND source = 'sync' ORDER BY valid_from DESC",
        {"id": account_id},
    ):
        intervals[metric].append(Period(value, since, until, currency=currency))
    changes: dict[str, list[Change]] = defaultdict(list)
    for metric, *change in tx.execute(
        "SELECT metric, changed_on, old_value, new_value, reason, old_currency, currency, source "
        "FROM insights.metric_changes WHERE account_id = $id ORDER BY changed_on",
        {"id": account_id},
    ):
        changes[metric].append(Change(*change))
    days: dict[str, list[tuple[date, float, str | None, str]]] = defaultdict(list)
    for metric, *day in tx.execute(
        "SELECT metric, date, value, currency, source FROM insights.account_metrics WHERE account_id = $id "
        "ORDER BY date",
        {"id": account_id},
    ):
        days[metric].append((day[0], day[1], day[2], day[3]))
    return [
        MetricValues(
            field,
            [(day, value, currency) for day, value, currency, _ in days[field["field"]]],
            _periods(days[field["field"]], intervals[field["field"]], field["first_day"]),
            changes[field["field"]],
        )
        for field in _fields(tx, "metric")
    ]


def _periods(
    days: Sequence[tuple[date, float, str | None, str]], intervals: list[Period], first_day: date
) -> list[Period]:
    """Return the values of a metric; with history, from its days, since history fills days between those of syncs."""
    if all(source == "sync" for *_, source in days):
        return _first_is_older(intervals, first_day)
    found = periods_of_days(days)
    found[-1] = replace(found[-1], is_older=True)
    ended = intervals[0].until if intervals else days[-1][0] + timedelta(1)
    return [replace(found[0], until=ended), *found[1:]]


def _first_is_older(found: list[Period], first_day: date) -> list[Period]:
    """Mark the oldest value as possibly older, if it was there when the field was first read."""
    if not found or found[-1].since > first_day:
        return found
    return [*found[:-1], replace(found[-1], is_older=True)]


def _fields(tx: Transaction, category: str) -> list[dict[str, Any]]:
    """Return the visible fields with their label and the first day on which they were read, by label."""
    return tx.records(render("reports/visible_fields"), {"category": category})
