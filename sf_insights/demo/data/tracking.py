"""AccountHistory: one row per change of a tracked field, two for a lookup, and rows for special events.

A value is stored as the letter of its JSON type and its text, because OldValue and NewValue can be of any type.
Source: Salesforce, Object Reference, "StandardObjectNameHistory" and "EntityHistory"; Help, "Field History Tracking".
"""

import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Mapping

from sf_insights.demo.data.fields import COMPOUND_TYPES, Field, lookup, picklist, read_only
from sf_insights.demo.data.ids import record_id
from sf_insights.demo.data.values import INTEGERS, NUMBERS_WITH_DECIMALS

OBJECT = "AccountHistory"
TABLE = "account_history"
KEY_PREFIX = "017"
MOST_TRACKED = 20  # fields of one object
LONGEST_VALUE = 255  # a change of a longer field is recorded without its values
COLUMNS = ("Id", "IsDeleted", "AccountId", "CreatedById", "CreatedDate", "Field", "DataType", "OldValue", "NewValue")
CREATED, MERGED = "created", "accountMerged"

HISTORY_FIELDS = [
    read_only("Id", "Account History ID", "id", id_lookup=True),
    read_only("IsDeleted", "Deleted", "boolean"),
    lookup("AccountId", "Account ID", "Account", "Account", editable=False, nillable=False),
    read_only("CreatedById", "Created By ID", "reference", reference_to=("User",), relationship="CreatedBy"),
    read_only("CreatedDate", "Created Date", "datetime"),
    picklist("Field", "Changed Field", (CREATED, MERGED), editable=False, restricted=True),
    picklist("DataType", "Datatype", (), editable=False, restricted=True),
    Field("OldValue", "Old Value", "anyType", length=LONGEST_VALUE, editable=False, filterable=False),
    Field("NewValue", "New Value", "anyType", length=LONGEST_VALUE, editable=False, filterable=False),
]

_DATA_TYPES = {
    "string": "Text",
    "picklist": "DynamicEnum",
    "multipicklist": "MultiEnum",
    "textarea": "MultiLineText",
    "boolean": "Boolean",
    "int": "Double",
    "long": "Double",
    "double": "Double",
    "currency": "Currency",
    "percent": "Percent",
    "date": "DateOnly",
    "datetime": "DateTime",
    "reference": "EntityId",
    "phone": "Phone",
    "url": "Url",
    "email": "Email",
}
_NAMES_OF = {"User": "user", "Account": "account", "RecordType": "record_type"}

HistoryRow = tuple[str | None, ...]


def can_be_tracked(field: Field) -> bool:
    """Whether an administrator can switch on tracking of a field."""
    calculated = field.formula is not None or field.auto_number
    return not calculated and field.type in _DATA_TYPES and field.type not in COMPOUND_TYPES and field.editable


def create_table(connection: sqlite3.Connection) -> None:
    """Create the table of the rows."""
    columns = ", ".join(f"{name} TEXT" for name in COLUMNS)
    connection.execute(f"CREATE TABLE {TABLE} (position INTEGER PRIMARY KEY, {columns})")


def create_index(connection: sqlite3.Connection) -> None:
    """Create the index by account."""
    connection.execute(f"CREATE INDEX account_history_account ON {TABLE} (AccountId)")


def insert_rows(connection: sqlite3.Connection, rows: Iterable[HistoryRow]) -> None:
    """Append rows of `COLUMNS` without their Id, which comes from their position."""
    (last,) = connection.execute(f"SELECT coalesce(max(position), 0) FROM {TABLE}").fetchone()
    places = ", ".join("?" * len(COLUMNS))
    numbered = ((record_id(KEY_PREFIX, last + number), *row) for number, row in zip(itertools.count(1), rows))
    connection.executemany(f"INSERT INTO {TABLE} ({', '.join(COLUMNS)}) VALUES ({places})", numbered)


def note_update(
    connection: sqlite3.Connection,
    fields: Iterable[Field],
    before: Mapping[str, str | None],
    columns: Mapping[str, str | None],
) -> None:
    """Record the changes of tracked fields that a write makes.

    Args:
        connection: the org's store.
        fields: the fields of Account.
        before: the account's stored texts by column.
        columns: the new ones, with LastModifiedDate and LastModifiedById.
    """
    stamp, user = columns.get("LastModifiedDate"), columns.get("LastModifiedById")
    if stamp is None:
        return  # a formula, or another calculation of the platform
    rows: list[HistoryRow] = []
    for field in fields:
        column = field.column or field.name
        if field.tracked and column in columns and columns[column] != before.get(column):
            rows += rows_of(connection, field, str(before["Id"]), str(user), stamp, before.get(column), columns[column])
    if rows:
        insert_rows(connection, rows)


def note_event(connection: sqlite3.Connection, account_id: str, event: str, stamp: str, user: str) -> None:
    """Record a special event, such as the creation of an account."""
    insert_rows(connection, [("false", account_id, user, stamp, event, "Text", None, None)])


def rows_of(
    connection: sqlite3.Connection,
    field: Field,
    account_id: str,
    user: str,
    stamp: str,
    old: str | None,
    new: str | None,
) -> Iterator[HistoryRow]:
    """Yield the rows of one change: of a lookup, one with the names and one with the ids."""
    head = ("false", account_id, user, stamp, field.relationship if field.type == "reference" else field.name)
    if field.type == "multipicklist" or field.length > LONGEST_VALUE:
        yield (*head, _DATA_TYPES[field.type], None, None)
        return
    if field.type == "reference":
        names = (_name_of(connection, field, id_) for id_ in (old, new))
        yield (*head, "Text", *(tagged("string", name) for name in names))
    yield (*head, _DATA_TYPES[field.type], tagged(field.type, old), tagged(field.type, new))


def tagged(type_: str, text: str | None) -> str | None:
    """Return the stored form of a value of a field type."""
    if text is None:
        return None
    if type_ in NUMBERS_WITH_DECIMALS | INTEGERS:
        return f"n{text}"
    return {"boolean": "b", "datetime": "d"}.get(type_, "s") + text


def flag_deleted(connection: sqlite3.Connection, account_id: str, deleted: str) -> None:
    """Move the rows of an account to the recycle bin with it, or restore them."""
    connection.execute(f"UPDATE {TABLE} SET IsDeleted = ? WHERE AccountId = ?", (deleted, account_id))


def remove_rows(connection: sqlite3.Connection, account_id: str | None = None, before: str | None = None) -> int:
    """Remove the rows of an account, or those from before a moment, as Salesforce does after 24 months."""
    return connection.execute(
        f"DELETE FROM {TABLE} WHERE (AccountId = :account OR :account IS NULL)"
        " AND (CreatedDate < :before OR :before IS NULL)",
        {"account": account_id, "before": before},
    ).rowcount


def _name_of(connection: sqlite3.Connection, field: Field, id_: str | None) -> str | None:
    table = _NAMES_OF.get(field.reference_to[0]) if field.reference_to else None
    if id_ is None or table is None:
        return id_
    found = connection.execute(f"SELECT Name FROM {table} WHERE Id = ?", (id_,)).fetchone()
    return found[0] if found else None
