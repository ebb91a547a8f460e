"""A day passes in the org: about one account in a hundred changes, the same way for the same seed and day."""

import random
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from sf_insights.demo.data import account_fields, billing
from sf_insights.demo.data.accounts import AccountMaker
from sf_insights.demo.data.store import Store, insert_zuora
from sf_insights.demo.time import changes

_Event = TypeVar("_Event")

UPDATED = 0.01
ADDED = 0.001
DELETED = 0.0006
MERGED = 0.0003
UNDELETED = 0.0001
PURGED = 0.0002
ZUORA_ADDED = 0.001
ZUORA_REMOVED = 0.0004
ZUORA_RELINKED = 0.0006
ZUORA_BILLED = 0.01


def pass_day(store: Store) -> dict[str, Any]:
    """Let a day pass, inside `Store.change`; each kind of event happens at least once, even in a small org.

    Returns:
        day (from 1), date, and the numbers of accounts updated, added, deleted, merged, undeleted and purged, of
        formulas changed without a timestamp, and of Zuora accounts added, removed, relinked and billed.
    """
    day = store.meta("day") + 1
    rng = random.Random(f"day {store.shape.seed} {day}")
    live = _Sampler(store, rng, "SELECT Id FROM account WHERE IsDeleted = 'false' AND position = ?", "account")
    count = store.count_live()
    updated = live.take(_share(count, UPDATED))
    deleted = live.take(_share(count, DELETED))
    pairs = [live.take(2) for _ in range(_share(count, MERGED))]
    merged = [pair for pair in pairs if len(pair) == 2]
    in_bin = _Sampler(
        store,
        rng,
        "SELECT Id FROM account WHERE MasterRecordId IS NULL AND position = ?",
        "account",
        positions="SELECT position FROM account WHERE IsDeleted = 'true'",
    )
    undeleted = in_bin.take(_share(count, UNDELETED))
    clock = _Clock(store, len(updated) + _share(count, ADDED) + len(deleted) + len(merged) + len(undeleted))

    for id_ in clock.ticking(updated):
        changes.update_account(store, id_, _edited(store, id_, rng))
    added = [_new_account(store, rng) for _ in clock.ticking(range(_share(count, ADDED)))]
    for id_ in clock.ticking(deleted):
        changes.delete_account(store, id_)
    for winner, loser in clock.ticking(merged):
        changes.merge_accounts(store, winner, [loser])
    for id_ in clock.ticking(undeleted):
        changes.undelete_account(store, id_)
    # Purge the oldest accounts of the recycle bin.
    oldest = "SELECT Id FROM account WHERE IsDeleted = 'true' ORDER BY SystemModstamp, Id LIMIT ?"
    purged = [id_ for (id_,) in store.connection.execute(oldest, (_share(count, PURGED),)).fetchall()]
    for id_ in purged:
        changes.purge_account(store, id_)
    in_zuora = _pass_day_in_zuora(store, rng, added, live)

    store.set_meta("day", day)
    store.set_meta("ticks", 0)
    touched = store.connection.execute(
        "UPDATE account SET Days_Since_Touch__c = CAST(CAST(Days_Since_Touch__c AS INTEGER) + 1 AS TEXT) || '.0'"
        " WHERE Days_Since_Touch__c IS NOT NULL"
    ).rowcount
    return {
        "day": day,
        "date": store.now().date().isoformat(),
        "updated": len(updated),
        "added": len(added),
        "deleted": len(deleted),
        "merged": len(merged),
        "undeleted": len(undeleted),
        "purged": len(purged),
        "formulas_changed": touched,
        **in_zuora,
    }


def _share(count: int, share: float) -> int:
    return max(1, round(count * share))


class _Clock:
    """Spreads the events of a day over its hours, from 01:00 to 23:00."""

    def __init__(self, store: Store, events: int) -> None:
        self.store = store
        self.step = 22 * 3600 / (events + 1)
        self.happened = 0

    def ticking(self, events: Iterable[_Event]) -> Iterator[_Event]:
        """Yield the events, each with the org's clock set to its time."""
        for event in events:
            self.happened += 1
            self.store.set_meta("ticks", 3600 + int(self.happened * self.step))
            yield event


class _Sampler:
    """Picks random rows of a table, none twice, without loading the table."""

    def __init__(
        self, store: Store, rng: random.Random, look_up: str, table: str, positions: str | None = None
    ) -> None:
        self.store = store
        self.rng = rng
        self.look_up = look_up
        self.taken: set[int] = set()
        self.positions: list[int] | range
        if positions:
            self.positions = [position for (position,) in store.connection.execute(positions)]
        else:
            (last,) = store.connection.execute(f"SELECT coalesce(max(position), 0) FROM {table}").fetchone()
            self.positions = range(1, last + 1)

    def take(self, count: int) -> list[str]:
        """Return up to `count` ids; fewer if too few are left."""
        found: list[str] = []
        for _ in range(count * 20):
            if len(found) == count or not self.positions:
                break
            position = self.positions[int(self.rng.random() * len(self.positions))]
            if position in self.taken:
                continue
            self.taken.add(position)
            row = self.store.connection.execute(self.look_up, (position,)).fetchone()
            if row:
                found.append(row[0])
        return found


def _edited(store: Store, id_: str, rng: random.Random) -> dict[str, Any]:
    """Return the day's changes to an account: new values for one to three of the fields that the org still has."""
    maker = AccountMaker(rng)
    row = changes.account_row(store, id_)

    def pick(values: tuple[str, ...]) -> str:
        return values[int(rng.random() * len(values))]

    revenue = float(row.get("AnnualRevenue") or 0) or 10.0**6
    employees = int(row.get("NumberOfEmployees") or 10)
    edits = [
        ("Industry", pick(account_fields.INDUSTRIES)),
        ("AnnualRevenue", round(revenue * (0.8 + rng.random() / 2), 2 if rng.random() < 0.1 else 0)),
        ("NumberOfEmployees", min(99_999_999, 1 + int(employees * (0.8 + rng.random() / 2)))),
        ("ARR__c", round(maker.money(3, 8, cents=0.9), 2)),
        ("Score__c", maker.score()),
        ("Rating", pick(account_fields.RATINGS)),
        ("Type", pick(account_fields.TYPES)),
        ("SLA__c", pick(account_fields.SLAS)),
        ("Is_Key__c", rng.random() < 0.5),
        ("Regions__c", ";".join(account_fields.REGIONS[: 1 + int(rng.random() * 3)])),
        ("Description", maker.prose()),
        ("Name", maker.name(int(rng.random() * 1e6))),
        ("BillingCountry", pick(("US", "USA", "Germany", "日本"))),
        ("Website", None),
        ("NPS__c", int(rng.random() * 201) - 100),
    ]
    known = {field.name: field for field in store.fields()}
    chosen = [edits[int(rng.random() * len(edits))] for _ in range(1 + int(rng.random() * 3))]
    # Do not change fields that an administrator removed, renamed or gave another type.
    return {name: value for name, value in chosen if name in known and known[name].type == _TYPES[name]}


_TYPES = {field.name: field.type for field in account_fields.account_fields(multi_currency=True)}


def _new_account(store: Store, rng: random.Random) -> tuple[str, str | None]:
    (number,) = store.next_account_ids(1)
    row = AccountMaker(rng, number).make(stamp=store.stamp())
    changes.insert_row(store, row)
    return str(row["Id"]), row["Name"]


def _pass_day_in_zuora(
    store: Store, rng: random.Random, added: list[tuple[str, str | None]], live: _Sampler
) -> dict[str, int]:
    (count,) = store.connection.execute("SELECT count(*) FROM zuora_account").fetchone()
    accounts = _Sampler(store, rng, "SELECT Id FROM zuora_account WHERE position = ?", "zuora_account")
    maker = billing.ZuoraAccountMaker(rng, store.meta("zuora_number"))
    rows = [maker.make(name, id_, "plain", id_) for id_, name in added if rng.random() < 0.6]
    while len(rows) < _share(count, ZUORA_ADDED):
        ids = live.take(1)
        if not ids:
            break
        rows.append(maker.make(None, ids[0], "plain", ids[0]))
    insert_zuora(store.connection, rows)
    store.set_meta("zuora_number", maker.number)
    removed = accounts.take(_share(count, ZUORA_REMOVED))
    for id_ in removed:
        changes.delete_zuora_account(store, id_)
    relinked = accounts.take(_share(count, ZUORA_RELINKED))
    for id_ in relinked:
        targets = live.take(1)
        if targets:
            new = {"CrmId": targets[0], "kind": "plain", "salesforce_id": targets[0]}
            changes.update_zuora_account(store, id_, new)
    billed = _bill(store, _share(count, ZUORA_BILLED))
    return {
        "zuora_added": len(rows),
        "zuora_removed": len(removed),
        "zuora_relinked": len(relinked),
        "zuora_billed": billed,
    }


def _bill(store: Store, count: int) -> int:
    """Invoice some Zuora accounts. Draws from its own random numbers, so that the day's other changes stay the same."""
    rng = random.Random(f"billing day {store.shape.seed} {store.meta('day') + 1}")
    billed = _Sampler(store, rng, "SELECT Id FROM zuora_account WHERE position = ?", "zuora_account").take(count)
    for id_ in billed:
        figures = {
            "Balance": billing.amount(rng, 4000),
            "MRR": billing.amount(rng, 9000),
            "LastInvoiceDate": store.now().date().isoformat(),
        }
        if rng.random() < 0.2:
            figures["AutoPay"] = "true" if rng.random() < 0.5 else "false"
        changes.update_zuora_account(store, id_, figures)
    return len(billed)
