"""The changes of tracked fields from the two years before the org's first day, walked back from today's values."""

import random
import sqlite3
from collections.abc import Collection, Iterator

from sf_insights.demo.data import account_fields as choices
from sf_insights.demo.data import accounts, tracking
from sf_insights.demo.data.fields import Field
from sf_insights.demo.data.values import java_double

KEPT_DAYS = 700
_CHANGED = 0.35  # of the accounts
_BATCH = 2000
_PICKED = {
    "Industry": choices.INDUSTRIES,
    "Rating": choices.RATINGS,
    "Type": choices.TYPES,
    "SLA__c": choices.SLAS,
    "CurrencyIsoCode": choices.CURRENCIES,
    "OwnerId": tuple(accounts.USER_IDS),
}
# How likely each field is the changed one.
_SHARES = {
    "AnnualRevenue": 30,
    "NumberOfEmployees": 25,
    "ARR__c": 25,
    "Score__c": 20,
    "Industry": 12,
    "Rating": 12,
    "SLA__c": 10,
    "Type": 8,
    "OwnerId": 8,
    "Is_Key__c": 5,
    "CurrencyIsoCode": 1,
}


def fill(
    connection: sqlite3.Connection,
    seed: int,
    fields: list[Field],
    per_account: int | None = None,
    only: Collection[str] = (),
) -> None:
    """Write the past of every live account: a few changes of some, or `per_account` of each in `only` these fields."""
    rng = random.Random(f"history {seed}")
    tracked = {field.name: field for field in fields if field.tracked}
    changing = [name for name in _SHARES if name in tracked and (not only or name in only)]
    names = ", ".join(["Id", "CreatedDate", "CreatedById", "LastModifiedDate", *changing])
    reader = connection.execute(f"SELECT {names} FROM account WHERE IsDeleted = 'false' ORDER BY position")
    oldest = (accounts.GENERATED.timestamp()) - KEPT_DAYS * 86400
    rows: list[tracking.HistoryRow] = []
    for id_, created, creator, modified, *values in reader:
        begin = max(_seconds(created), oldest)
        if _seconds(created) >= oldest:
            rows.append(("false", id_, creator, created, tracking.CREATED, "Text", None, None))
        if per_account or rng.random() < _CHANGED:
            held = dict(zip(changing, values, strict=True))
            rows += _changes(connection, rng, tracked, id_, held, begin, _seconds(modified), per_account)
        if len(rows) >= _BATCH:
            tracking.insert_rows(connection, rows)
            rows = []
    tracking.insert_rows(connection, rows)
    if per_account is None:
        tracking.create_index(connection)


def _changes(
    connection: sqlite3.Connection,
    rng: random.Random,
    tracked: dict[str, Field],
    id_: str,
    held: dict[str, str | None],
    begin: float,
    end: float,
    per_account: int | None,
) -> Iterator[tracking.HistoryRow]:
    """Yield the rows of one account, newest first; each change leads to the value after it."""
    if end <= begin:
        return
    count = per_account or 1 + int(rng.random() * 4)
    moments = sorted((begin + rng.random() * (end - begin) for _ in range(count)), reverse=True)
    names, shares = zip(*((name, _SHARES[name]) for name in held), strict=True)
    for moment in moments:
        name = rng.choices(names, shares)[0]
        new, old = held[name], _earlier(rng, name, held[name])
        if old == new:
            continue
        stamp = accounts.GENERATED.fromtimestamp(int(moment), accounts.GENERATED.tzinfo)
        text = stamp.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        user = accounts.USER_IDS[int(rng.random() * accounts.USERS)]
        yield from tracking.rows_of(connection, tracked[name], id_, user, text, old, new)
        held[name] = old


def _earlier(rng: random.Random, name: str, value: str | None) -> str | None:
    """Return a value that a field may have had before."""
    if name in _PICKED:
        return _PICKED[name][int(rng.random() * len(_PICKED[name]))]
    if name == "Is_Key__c":
        return "false" if value == "true" else "true"
    if value is None or rng.random() < 0.1:
        return None if value is not None else value
    number = float(value) * (0.6 + rng.random() * 0.5)
    return str(int(number)) if name == "NumberOfEmployees" else java_double(round(number, 2))


def _seconds(stamp: str) -> float:
    return accounts.GENERATED.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()
