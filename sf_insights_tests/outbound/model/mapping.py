"""Random mappings: which values go to which fields, with which options."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

Account = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """A field of the org, as its administrator defined it."""

    name: str
    kind: str
    length: int = 0
    digits: int = 0
    scale: int = 0
    allowed: tuple[str, ...] = ()
    is_writable: bool = True


@dataclass(frozen=True)
class Entry:
    """One entry of the mapping."""

    source: str
    to: str
    combine: str = "same"
    nulls: str = "clear"
    existing: str = "overwrite"
    on_leave: str = "keep"
    too_long: str = "reject"

    def written(self) -> dict[str, Any]:
        """Return the entry as the administrator writes it."""
        said = {name: value for name, value in vars(self).items() if name != "source"}
        return {"from": self.source, **said, "nulls": False if self.nulls == "false" else self.nulls}


@dataclass(frozen=True)
class Row:
    """A row of the source: `record` is None if the account has none."""

    account: str
    record: str | None
    status: str | None
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Values:
    """Where values come from: the snapshot's accounts, or a SELECT over them. `columns` has the kind of each.

    A SELECT has a row by account or `by_record`; a row of a record belongs to the first of its accounts.
    """

    name: str
    select: str | None
    columns: Mapping[str, str]
    rows: Callable[[list[Account]], list[Row]]
    by_record: bool = False


TARGETS = {
    target.name: target
    for target in (
        Target("Insights_Status__c", "text", length=40),
        Target("Insights_Notes__c", "text", length=32768),
        Target("Insights_Segment__c", "text", length=255),
        Target("Insights_Health__c", "text", length=255, allowed=("Good", "Watch", "Poor")),
        Target("Insights_Products__c", "multipicklist", length=4099),
        Target("Insights_Contact__c", "text", length=80),
        Target("Insights_Balance__c", "number", digits=14, scale=2),
        Target("Insights_Accounts__c", "number", digits=6, scale=0),
        Target("Insights_Trend__c", "number", digits=4, scale=1),
        Target("Insights_Autopay__c", "checkbox"),
        Target("Insights_Renewal__c", "date"),
        Target("Insights_Last_Invoice__c", "datetime"),
    )
}
INBOUND = [
    "Industry",
    {"field": "AnnualRevenue", "as": "metric"},
    "NPS__c",
    "Is_Key__c",
    "SLAExpirationDate__c",
    "Last_Health_Check__c",
]
_FITTING = {
    "text": ("Insights_Status__c", "Insights_Notes__c", "Insights_Segment__c", "Insights_Products__c"),
    "health": ("Insights_Health__c",),
    "email": ("Insights_Contact__c",),
    "number": ("Insights_Balance__c", "Insights_Accounts__c", "Insights_Trend__c"),
    "boolean": ("Insights_Autopay__c",),
    "date": ("Insights_Renewal__c",),
    "timestamp": ("Insights_Last_Invoice__c",),
}
_COMBINATIONS = {
    "text": ("same", "same", "list", "list", "count"),
    "health": ("same",),
    "email": ("same",),
    "number": ("same", "sum", "sum", "min", "max", "count"),
    "boolean": ("same", "any", "all"),
    "date": ("same", "min", "max"),
    "timestamp": ("same", "max"),
}
_FROM_SALESFORCE = {
    "Industry": "text",
    "AnnualRevenue": "number",
    "NPS__c": "number",
    "Is_Key__c": "boolean",
    "SLAExpirationDate__c": "date",
    "Last_Health_Check__c": "timestamp",
}


def _by_account(accounts: list[Account]) -> list[Row]:
    return [
        Row(
            row["account_id"],
            row["salesforce_account_id"],
            None if row["salesforce_account_id"] else row["match_status"],
            row,
        )
        for row in accounts
    ]


def _calculated(accounts: list[Account]) -> list[Row]:
    rows = []
    for row in _by_account([row for row in accounts if len(row["account_name"]) % 7 != 3]):
        name, revenue = row.values["account_name"], row.values["AnnualRevenue"]
        mail = f"{row.values['account_number'].lower()}@example.com"
        values = {
            "shout": "" if row.values["account_status"] == "Suspended" else row.values["account_status"].upper(),
            "size": len(name),
            "third": None if revenue is None else revenue / 3,
            "is_active": {"Active": True, "Canceled": False}.get(row.values["account_status"]),
            "health": ("Good", "Splendid", "", None)[len(name) % 4],
            "contact": "nobody" if len(name) % 5 == 0 else mail,
            "renewal": row.values["SLAExpirationDate__c"],
        }
        rows.append(Row(row.account, row.record, row.status, values))
    return rows


def _by_record(accounts: list[Account]) -> list[Row]:
    return [
        Row(rows[0]["account_id"], record, "ambiguous" if len(rows) > 1 else None, row)
        for record, rows in _linked(accounts).items()
        for row in rows
    ]


def _grouped(accounts: list[Account]) -> list[Row]:
    rows = []
    for record, linked in _linked(accounts).items():
        counted = [row for row in linked if row["account_status"] != "Suspended"]
        if counted:
            values = {
                "first_name": min(row["account_name"] for row in counted),
                "last_status": max(row["account_status"] for row in counted),
                "size": len(counted),
            }
            rows.append(Row(linked[0]["account_id"], record, None, values))
    return rows


def _linked(accounts: list[Account]) -> dict[str, list[Account]]:
    """Return the accounts of each record, in the order of their ids."""
    by_record: dict[str, list[Account]] = {}
    for row in sorted(accounts, key=lambda row: str(row["account_id"])):
        if row["salesforce_account_id"]:
            by_record.setdefault(row["salesforce_account_id"], []).append(row)
    return by_record


def _daily(accounts: list[Account]) -> list[Row]:
    return [
        Row(row.account, row.record, row.status, {**row.values, "day": str(row.values["synced_on"])})
        for row in _by_account(accounts)
    ]


EACH_DAY = Values(
    "a calculation that changes every day",
    "SELECT account_id, account_name, account_status, CAST(synced_on AS VARCHAR) AS day"
    " FROM insights.accounts, insights.snapshot",
    {"account_name": "text", "account_status": "text", "day": "text"},
    _daily,
)
SOURCES = (
    Values(
        "the snapshot",
        None,
        {"account_status": "text", "account_name": "text", "is_current": "boolean", **_FROM_SALESFORCE},
        _by_account,
    ),
    Values(
        "a calculation by account",
        "SELECT account_id, CASE account_status WHEN 'Suspended' THEN '' ELSE upper(account_status) END AS shout,"
        ' length(account_name) AS size, "AnnualRevenue" / 3 AS third,'
        " CASE account_status WHEN 'Active' THEN true WHEN 'Canceled' THEN false END AS is_active,"
        " CASE length(account_name) % 4 WHEN 0 THEN 'Good' WHEN 1 THEN 'Splendid' WHEN 2 THEN '' END AS health,"
        " CASE WHEN length(account_name) % 5 = 0 THEN 'nobody' ELSE lower(account_number) || '@example.com' END"
        ' AS contact, "SLAExpirationDate__c" AS renewal FROM insights.accounts WHERE length(account_name) % 7 != 3',
        {
            "shout": "text",
            "size": "number",
            "third": "number",
            "is_active": "boolean",
            "health": "health",
            "contact": "email",
            "renewal": "date",
        },
        _calculated,
    ),
    Values(
        "rows by record, doubled for shared records",
        "SELECT salesforce_account_id, account_name, account_status FROM insights.accounts"
        " WHERE salesforce_account_id IS NOT NULL",
        {"account_name": "text", "account_status": "text"},
        _by_record,
        by_record=True,
    ),
    Values(
        "one row by record",
        "SELECT salesforce_account_id, min(account_name) AS first_name, max(account_status) AS last_status,"
        " count(*) AS size FROM insights.accounts WHERE salesforce_account_id IS NOT NULL"
        " AND account_status != 'Suspended' GROUP BY ALL",
        {"first_name": "text", "last_status": "text", "size": "number"},
        _grouped,
        by_record=True,
    ),
)


def random_mapping(chance: random.Random, writable: list[str]) -> tuple[Values, list[Entry]]:
    """Choose where values come from, and three to six entries for these targets."""
    values = chance.choices(SOURCES, (5, 5, 2, 2))[0]
    entries: dict[str, Entry] = {}
    wanted = chance.randint(3, 6)
    for _ in range(40):
        source = chance.choice(list(values.columns))
        kind = values.columns[source]
        combine = chance.choice(_COMBINATIONS[kind])
        to = chance.choice(_FITTING["number" if combine == "count" else kind])
        if to in writable and to not in entries and len(entries) < wanted:
            entries[to] = _with_options(chance, Entry(source, to, combine), kind)
    return values, list(entries.values())


def daily_mapping(chance: random.Random) -> tuple[Values, list[Entry]]:
    """Return a mapping by which every record changes with each snapshot."""
    name = _with_options(chance, Entry("account_name", "Insights_Notes__c", "list"), "text")
    status = _with_options(chance, Entry("account_status", "Insights_Segment__c"), "text")
    return EACH_DAY, [Entry("day", "Insights_Status__c"), name, status]


def another_option(chance: random.Random, values: Values, entries: list[Entry]) -> list[Entry]:
    """Change the options of one entry."""
    number = chance.randrange(len(entries))
    entry = entries[number]
    return [*entries[:number], _with_options(chance, entry, values.columns[entry.source]), *entries[number + 1 :]]


def _with_options(chance: random.Random, entry: Entry, kind: str) -> Entry:
    is_checkbox = kind == "boolean" and entry.combine != "count"
    fills = "keep_edits" if is_checkbox else "only_if_empty"
    return replace(
        entry,
        nulls=chance.choice(("clear", "keep", "false") if is_checkbox else ("clear", "clear", "keep")),
        existing=chance.choice(("overwrite", "overwrite", "keep_edits", fills)),
        on_leave=chance.choice(("keep", "clear")),
        too_long=chance.choice(("reject", "truncate")),
    )
