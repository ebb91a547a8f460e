"""Changes to the org's accounts, Zuora accounts and fields.

Every function runs inside `Store.change` and sets the timestamps that the platform would set.
"""

import dataclasses
import datetime
import random
from typing import Any

from sf_insights.demo.data import billing, past, tracking
from sf_insights.demo.data.accounts import GENERATED, INTEGRATION_USER, RECALCULATED, AccountMaker, recalculate
from sf_insights.demo.data.fields import Field
from sf_insights.demo.data.ids import to_18
from sf_insights.demo.data.store import TABLES, Store, column_of, insert_accounts, insert_field, insert_zuora, quoted
from sf_insights.demo.data.values import retyped

MAX_MERGED = 3
NOUNS = {"Account": "account", "Customer__c": "customer"}


def _key(id_: str) -> str:
    return to_18(id_) if len(id_) == 15 else id_


def record_row(store: Store, object_name: str, id_: str) -> dict[str, str | None]:
    """Return a record's stored texts by column.

    Raises:
        KeyError: the record does not exist or was purged.
    """
    cursor = store.connection.execute(f"SELECT * FROM {TABLES[object_name]} WHERE Id = ?", (_key(id_),))
    row = cursor.fetchone()
    if row is None:
        raise KeyError(f"no {NOUNS[object_name]} has the id {id_!r}")
    return dict(zip((column[0] for column in cursor.description), row, strict=True))


def account_row(store: Store, id_: str) -> dict[str, str | None]:
    """Return an account's stored texts by column.

    Raises:
        KeyError: the account does not exist or was purged.
    """
    return record_row(store, "Account", id_)


def _write(store: Store, id_: str, columns: dict[str, str | None], object_name: str = "Account") -> None:
    assignments = ", ".join(f"{quoted(name)} = ?" for name in columns)
    store.connection.execute(
        f"UPDATE {TABLES[object_name]} SET {assignments} WHERE Id = ?", (*columns.values(), _key(id_))
    )


def write_columns(
    store: Store, object_name: str, before: dict[str, str | None], columns: dict[str, str | None]
) -> None:
    """Set columns of a record and recalculate an account's formulas.

    Args:
        before: the record's stored texts by column, from `record_row`.
        columns: the new texts by column, with the stamps that change.
    """
    if object_name == "Account":
        after = recalculate({**before, **columns})
        columns = {name: after[name] for name in RECALCULATED if after[name] != before.get(name)} | columns
        tracking.note_update(store.connection, store.fields(), before, columns)
    _write(store, str(before["Id"]), columns, object_name)


def update_account(store: Store, id_: str, values: dict[str, Any], stamped: bool = True) -> None:
    """Set fields of an account by API name, and recalculate its formulas.

    Args:
        stamped: False keeps LastModifiedDate and SystemModstamp, as when a formula's source changes.

    Raises:
        KeyError: the account or a field does not exist.
        ValueError: a field cannot hold its value.
    """
    edit_record(store, "Account", id_, values, INTEGRATION_USER, stamped)


def edit_record(
    store: Store, object_name: str, id_: str, values: dict[str, Any], user_id: str, stamped: bool = True
) -> None:
    """Set fields of a record by API name as a user does, without any of the org's rules.

    Raises:
        KeyError: the record or a field does not exist.
        ValueError: a field cannot hold its value.
    """
    columns = store.stored(values, object_name)
    before = record_row(store, object_name, id_)
    if stamped:
        columns = stamps(store, user_id) | columns
    write_columns(store, object_name, before, columns)


def stamps(store: Store, user_id: str) -> dict[str, str | None]:
    """Return the columns that every write sets."""
    stamp = store.stamp()
    return {"LastModifiedDate": stamp, "LastModifiedById": user_id, "SystemModstamp": stamp}


def add_account(store: Store, values: dict[str, Any]) -> str:
    """Create an account with the given values, and invented ones for the rest; return its id."""
    (number,) = store.next_account_ids(1)
    maker = AccountMaker(random.Random(f"new account {store.shape.seed} {number}"), number)
    row = maker.make(stamp=store.stamp())
    row.update(store.stored(values))
    insert_row(store, recalculate(row))
    return str(row["Id"])


def insert_row(store: Store, row: dict[str, str | None]) -> None:
    """Append an account; drop values for columns that the org no longer has."""
    columns = [column_of(field) for field in store.fields() if not field.is_compound]
    insert_accounts(store.connection, columns, [row])
    user, stamp = str(row["CreatedById"]), str(row["CreatedDate"])
    tracking.note_event(store.connection, str(row["Id"]), tracking.CREATED, stamp, user)


def delete_record(store: Store, object_name: str, id_: str, master_id: str | None = None) -> None:
    """Move a record to the recycle bin; with a master, as the loser of a merge.

    Raises:
        KeyError: the record does not exist.
    """
    record_row(store, object_name, id_)
    stamp = store.stamp()
    columns: dict[str, str | None] = {"IsDeleted": "true", "LastModifiedDate": stamp, "SystemModstamp": stamp}
    if master_id is not None:
        columns["MasterRecordId"] = _key(master_id)
    _write(store, id_, columns, object_name)
    if object_name == "Account":
        tracking.flag_deleted(store.connection, _key(id_), "true")


def delete_account(store: Store, id_: str, master_id: str | None = None) -> None:
    """Move an account to the recycle bin; with a master, as the loser of a merge."""
    delete_record(store, "Account", id_, master_id)


def undelete_account(store: Store, id_: str) -> None:
    """Restore an account from the recycle bin."""
    account_row(store, id_)
    stamp = store.stamp()
    _write(
        store,
        id_,
        {"IsDeleted": "false", "MasterRecordId": None, "LastModifiedDate": stamp, "SystemModstamp": stamp},
    )
    tracking.flag_deleted(store.connection, _key(id_), "false")


def purge_account(store: Store, id_: str) -> None:
    """Remove an account permanently: no API shows it afterwards."""
    row = account_row(store, id_)
    store.connection.execute("DELETE FROM account WHERE Id = ?", (row["Id"],))
    tracking.remove_rows(store.connection, str(row["Id"]))
    store.connection.execute(
        "INSERT OR REPLACE INTO purged VALUES (?, ?, ?)", (row["Id"], row["MasterRecordId"], store.stamp())
    )


def merge_accounts(store: Store, winner_id: str, loser_ids: list[str]) -> None:
    """Merge one or two losers into a winner: they go to the recycle bin, their children become the winner's.

    Raises:
        ValueError: there are no losers or too many, or an account is not live.
    """
    if not 1 <= len(loser_ids) < MAX_MERGED:
        raise ValueError(f"a merge takes one or two losers, not {len(loser_ids)}")
    for id_ in (winner_id, *loser_ids):
        if account_row(store, id_)["IsDeleted"] == "true":
            raise ValueError(f"{id_} is deleted and cannot be merged")
    stamp = store.stamp()
    for loser_id in loser_ids:
        delete_account(store, loser_id, winner_id)
        tracking.note_event(store.connection, _key(winner_id), tracking.MERGED, stamp, INTEGRATION_USER)
        store.connection.execute(
            "UPDATE account SET ParentId = CASE WHEN Id = :winner THEN NULL ELSE :winner END, SystemModstamp = :stamp"
            " WHERE ParentId = :loser",
            {"winner": _key(winner_id), "stamp": stamp, "loser": _key(loser_id)},
        )
    _write(store, winner_id, {"LastModifiedDate": stamp, "SystemModstamp": stamp})


def zuora_key(store: Store, account: str) -> str:
    """Return the Id of the Zuora account with this Id or AccountNumber.

    Raises:
        KeyError: it does not exist.
    """
    found = store.connection.execute(
        "SELECT Id FROM zuora_account WHERE Id = :account OR AccountNumber = :account", {"account": account}
    ).fetchone()
    if found is None:
        raise KeyError(f"no Zuora account has the id or number {account!r}")
    return str(found[0])


def _zuora_values(values: dict[str, Any]) -> dict[str, str | None]:
    known = (*billing.COLUMNS, *billing.TRUTH_COLUMNS)
    for name in values:
        if name not in known:
            raise KeyError(f"a Zuora account has no {name!r}; it has {', '.join(known)}")
    return {name: billing.stored(value) for name, value in values.items()}


def update_zuora_account(store: Store, account: str, values: dict[str, Any]) -> None:
    """Set values of a Zuora account by column, including kind and salesforce_id for the truth."""
    changed = {"UpdatedDate": store.stamp().replace("Z", "+00:00"), **_zuora_values(values)}
    assignments = ", ".join(f"{quoted(name)} = ?" for name in changed)
    store.connection.execute(
        f"UPDATE zuora_account SET {assignments} WHERE Id = ?", (*changed.values(), zuora_key(store, account))
    )


def add_zuora_account(store: Store, values: dict[str, Any]) -> str:
    """Create a Zuora account; return its Id. CrmId is null if not given."""
    maker = billing.ZuoraAccountMaker(
        random.Random(f"new Zuora account {store.shape.seed} {store.meta('zuora_number')}"), store.meta("zuora_number")
    )
    row = maker.make(None, None, "added", None)
    row.update(_zuora_values(values))
    insert_zuora(store.connection, [row])
    store.set_meta("zuora_number", maker.number)
    return str(row["Id"])


def delete_zuora_account(store: Store, account: str) -> None:
    """Remove a Zuora account."""
    store.connection.execute("DELETE FROM zuora_account WHERE Id = ?", (zuora_key(store, account),))


def change_field(store: Store, name: str, changes: dict[str, Any], object_name: str = "Account") -> None:
    """Change a field's definition: hidden, label, type, length, name and the other properties of `Field`.

    A renamed field keeps its values. In a field with a new type, values that the type cannot hold become null.

    Raises:
        KeyError: the field does not exist.
        TypeError: a property does not exist.
    """
    before = store.field(name, object_name)
    known = dataclasses.asdict(before)
    if "updateable" in changes:  # as a describe names it
        changes = {"editable": changes["updateable"], **{key: changes[key] for key in changes if key != "updateable"}}
    unknown = set(changes) - set(known)
    if unknown:
        raise TypeError(f"a field has no {', '.join(sorted(unknown))}")
    if changes.get("tracked"):
        _refuse_tracking(store, before, object_name)
    for key in ("values", "reference_to"):
        if key in changes:
            changes[key] = tuple(changes[key] or ())
    after = dataclasses.replace(before, column=column_of(before), **changes)
    store.connection.execute(
        "UPDATE field SET name = ?, definition = ? WHERE object = ? AND name = ?",
        (after.name, after.to_json(), object_name, before.name),
    )
    if after.name != before.name:
        for part in store.fields(object_name):
            if part.compound == before.name:
                store.connection.execute(
                    "UPDATE field SET definition = ? WHERE object = ? AND name = ?",
                    (dataclasses.replace(part, compound=after.name).to_json(), object_name, part.name),
                )
    if after.type != before.type and not after.is_compound:
        column = quoted(column_of(after))
        store.connection.create_function("retyped", 1, lambda text: retyped(after.type, text), deterministic=True)
        table = TABLES[object_name]
        store.connection.execute(f"UPDATE {table} SET {column} = retyped({column}) WHERE {column} IS NOT NULL")
    note_change(store)


def _refuse_tracking(store: Store, field: Field, object_name: str) -> None:
    others = [other for other in store.fields(object_name) if other.tracked and other.name != field.name]
    if object_name != "Account" or not tracking.can_be_tracked(field):
        raise ValueError(f"{field.name} cannot be tracked")
    if len(others) >= tracking.MOST_TRACKED:
        raise ValueError(f"{object_name} tracks {tracking.MOST_TRACKED} fields already")


def reach_day(store: Store, date: str) -> None:
    """Move the clock to the midnight of a day, if that is later; nothing else happens."""
    day = (datetime.date.fromisoformat(date) - GENERATED.date()).days
    if day > store.meta("day"):
        store.set_meta("day", day)
        store.set_meta("ticks", 0)


def add_history(
    store: Store, id_: str, field: str, stamp: str, old: str | None, new: str | None, type_: str | None = None
) -> None:
    """Add a row as if tracking had written it, with stored texts as values; `type_` as the field's by default."""
    found = store.field(field)
    rows = tracking.rows_of(
        store.connection,
        dataclasses.replace(found, type=type_ or found.type),
        _key(id_),
        INTEGRATION_USER,
        stamp,
        old,
        new,
    )
    tracking.insert_rows(store.connection, rows)


def fill_history(store: Store, per_account: int, only: list[str]) -> None:
    """Replace AccountHistory by this many changes of each account in these fields, which lead to its values."""
    tracking.remove_rows(store.connection)
    past.fill(store.connection, store.shape.seed, store.fields(), per_account, only)


def remove_history(store: Store, id_: str | None = None, before: str | None = None) -> int:
    """Remove rows of AccountHistory: of an account, or from before a moment; return how many."""
    return tracking.remove_rows(store.connection, id_ and _key(id_), before)


def add_field(store: Store, definition: Field, value: Any = None) -> None:
    """Add a field to Account, with the same value for every account.

    Raises:
        ValueError: a field of this name exists.
    """
    if any(field.name.casefold() == definition.name.casefold() for field in store.fields()):
        raise ValueError(f"Account already has a field {definition.name!r}")
    (position,) = store.connection.execute("SELECT max(position) + 1 FROM field WHERE object = 'Account'").fetchone()
    if not definition.is_compound:
        taken = {row[1].casefold() for row in store.connection.execute("PRAGMA table_info(account)")}
        column = definition.name
        while column.casefold() in taken:  # a removed field of the same name left its column
            column += "_"
        definition = dataclasses.replace(definition, column=column)
        store.connection.execute(f"ALTER TABLE account ADD COLUMN {quoted(column)} TEXT")
    insert_field(store.connection, "Account", position, definition)
    store.forget_fields()
    if value is not None:
        ((column, text),) = store.stored({definition.name: value}).items()
        store.connection.execute(f"UPDATE account SET {quoted(column)} = ?", (text,))
    note_change(store)


def remove_field(store: Store, name: str) -> None:
    """Remove a field from Account; a new one of the same name starts empty."""
    field = store.field(name)
    store.connection.execute("DELETE FROM field WHERE object = 'Account' AND name = ?", (field.name,))
    note_change(store)


def note_change(store: Store) -> None:
    """Let a describe call say that the objects have changed since the last one."""
    store.forget_fields()
    store.set_meta("fields_changed", store.meta("day") * 86400 + store.meta("ticks"))
