"""The org's storage: one SQLite file with the records, their fields, the Zuora accounts and the org's clock.

Every value is text in the form that `values` describes. Ids are case-sensitive; SOQL defines how other text compares.
"""

import datetime
import random
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sf_insights.demo.data import accounts, billing, credentials, customers, past, tracking
from sf_insights.demo.data.account_fields import account_fields
from sf_insights.demo.data.fields import Field
from sf_insights.demo.data.ids import record_id
from sf_insights.demo.data.masking import masked
from sf_insights.demo.data.names import FIRST_NAMES, LAST_NAMES
from sf_insights.demo.data.values import to_store

FORMAT = 5  # increase it when the same seed generates a different org
BATCH = 2000

_PERMISSION_SET = record_id("0PS", 0)  # the one of the API users, as docs/connecting.md describes it
TABLES = {"Account": "account", customers.OBJECT: "customer"}  # the objects that clients can write

_SMALL_TABLES = {
    "user": ("Name", "Username", "Email", "IsActive"),
    "record_type": ("Name", "DeveloperName"),
    "user_permission_access": ("PermissionsApiEnabled", "PermissionsViewAllData"),
    "permission_set_assignment": ("AssigneeId", "PermissionSetId"),
    "object_permissions": ("ParentId", "SobjectType", "PermissionsRead", "PermissionsViewAllRecords"),
    "organization": ("Name", "IsSandbox", "InstanceName", "OrganizationType"),
}


@dataclass(frozen=True)
class OrgShape:
    """The parameters of a generated org. The same shape gives the same org, byte for byte."""

    accounts: int
    seed: int
    multi_currency: bool

    @property
    def file_name(self) -> str:
        """The file name of the org as generated."""
        return f"org-v{FORMAT}-{self.accounts}-{self.seed}{'-currencies' if self.multi_currency else ''}.sqlite"


def quoted(identifier: str) -> str:
    """Quote the name of a column or table."""
    return '"' + identifier.replace('"', '""') + '"'


def connect(path: Path) -> sqlite3.Connection:
    """Open the org's file; only one thread at a time may use the connection."""
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, cached_statements=256)
    connection.execute("PRAGMA synchronous = OFF")  # a damaged org is thrown away, not repaired
    connection.execute("PRAGMA case_sensitive_like = OFF")
    connection.create_function("fold", 1, lambda text: text.casefold() if text else text, deterministic=True)
    connection.create_function("masked", 3, masked, deterministic=True)
    return connection


def generate(path: Path, shape: OrgShape) -> None:
    """Write the org of this shape to a new file, in batches to limit memory."""
    unfinished = path.with_suffix(".unfinished")
    for leftover in (unfinished, unfinished.with_name(unfinished.name + "-journal")):
        leftover.unlink(missing_ok=True)
    connection = connect(unfinished)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("BEGIN")
    _create_tables(connection, shape)
    _fill_accounts(connection, shape)
    connection.execute("CREATE UNIQUE INDEX account_id ON account (Id)")
    connection.execute("CREATE INDEX account_deleted ON account (IsDeleted)")
    connection.execute("CREATE INDEX account_parent ON account (ParentId) WHERE ParentId IS NOT NULL")
    connection.execute("CREATE INDEX account_master ON account (MasterRecordId) WHERE MasterRecordId IS NOT NULL")
    past.fill(connection, shape.seed, account_fields(shape.multi_currency))
    _fill_zuora(connection, shape)
    connection.execute("CREATE UNIQUE INDEX zuora_account_id ON zuora_account (Id)")
    connection.execute("CREATE UNIQUE INDEX zuora_account_number ON zuora_account (AccountNumber)")
    _fill_customers(connection, shape)
    connection.execute("CREATE UNIQUE INDEX customer_id ON customer (Id)")
    for table, fields in (("account", account_fields(shape.multi_currency)), ("customer", customers.FIELDS)):
        for field in fields:
            if field.unique:
                column, compared = quoted(field.name), "" if field.case_sensitive else " COLLATE NOCASE"
                connection.execute(
                    f"CREATE INDEX {quoted(f'{table}_{field.name}')} ON {table} ({column}{compared})"
                    f" WHERE {column} IS NOT NULL"
                )
    connection.execute("COMMIT")
    connection.close()
    unfinished.rename(path)


def _create_tables(connection: sqlite3.Connection, shape: OrgShape) -> None:
    connection.execute(
        "CREATE TABLE field (object TEXT, position REAL, name TEXT COLLATE NOCASE, definition TEXT,"
        " UNIQUE (object, position), UNIQUE (object, name))"
    )
    for name, fields in (("Account", account_fields(shape.multi_currency)), (customers.OBJECT, customers.FIELDS)):
        columns = ", ".join(f"{quoted(field.name)} TEXT" for field in fields if not field.is_compound)
        connection.execute(f"CREATE TABLE {TABLES[name]} (position INTEGER PRIMARY KEY, {columns})")
        for position, field in enumerate(fields):
            insert_field(connection, name, position, field)
    tracking.create_table(connection)
    connection.execute("CREATE TABLE purged (Id TEXT PRIMARY KEY, MasterRecordId TEXT, deleted_date TEXT)")
    names = ", ".join(f"{quoted(name)} TEXT" for name in (*billing.COLUMNS, *billing.TRUTH_COLUMNS))
    connection.execute(f"CREATE TABLE zuora_account (position INTEGER PRIMARY KEY, {names})")
    connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER)")
    connection.executemany(
        "INSERT INTO meta VALUES (?, ?)",
        [("day", 0), ("ticks", 0), ("revision", 0), ("lineage", 0), ("fields_changed", 0)],
    )
    for table, others in _SMALL_TABLES.items():
        connection.execute(
            f"CREATE TABLE {table} (position INTEGER PRIMARY KEY, Id TEXT UNIQUE, {' TEXT, '.join(others)} TEXT)"
        )
    for number, id_ in enumerate(accounts.USER_IDS):
        name = f"{FIRST_NAMES[number % len(FIRST_NAMES)]} {LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)]}"
        mail = f"user{number}@demo.example"
        if number == 0:
            name, mail = "Integration User", credentials.USERNAME
        connection.execute(
            "INSERT INTO user (Id, Name, Username, Email, IsActive) VALUES (?, ?, ?, ?, ?)",
            (id_, name, mail, mail, "false" if number % 11 == 10 else "true"),
        )
    connection.execute(
        "INSERT INTO user (Id, Name, Username, Email, IsActive) VALUES (?, 'Writer App', ?, ?, 'true')",
        (accounts.WRITER, credentials.WRITER_USERNAME, credentials.WRITER_USERNAME),
    )
    connection.executemany(
        "INSERT INTO record_type (Id, Name, DeveloperName) VALUES (?, ?, ?)",
        [(id_, name, name) for id_, name in accounts.RECORD_TYPES],
    )
    connection.execute("INSERT INTO user_permission_access VALUES (1, ?, 'true', 'false')", (record_id("000", 0),))
    connection.executemany(
        "INSERT INTO permission_set_assignment (Id, AssigneeId, PermissionSetId) VALUES (?, ?, ?)",
        [
            (record_id("0Pa", number), user, _PERMISSION_SET)
            for number, user in enumerate((accounts.USER_IDS[0], accounts.WRITER))
        ],
    )
    connection.execute(
        "INSERT INTO object_permissions VALUES (1, ?, ?, 'Account', 'true', 'true')",
        (record_id("110", 0), _PERMISSION_SET),
    )
    connection.execute(
        "INSERT INTO organization VALUES (1, ?, ?, 'false', 'DEMO1', 'Developer Edition')",
        (credentials.ORGANIZATION_ID, credentials.ORGANIZATION_NAME),
    )


def insert_field(connection: sqlite3.Connection, object_name: str, position: float, field: Field) -> None:
    """Add a field's definition at a position of the object's describe."""
    connection.execute("INSERT INTO field VALUES (?, ?, ?, ?)", (object_name, position, field.name, field.to_json()))


def _fill_accounts(connection: sqlite3.Connection, shape: OrgShape) -> None:
    maker = accounts.AccountMaker(random.Random(f"accounts {shape.seed}"))
    columns = [f.name for f in account_fields(shape.multi_currency) if not f.is_compound]
    rows = accounts.generate(maker, shape.accounts)
    while batch := list(islice(rows, BATCH)):
        insert_accounts(connection, columns, [row for row in batch if not isinstance(row, accounts.Purged)])
        connection.executemany(
            "INSERT INTO purged VALUES (?, ?, ?)",
            [(row["Id"], row["MasterRecordId"], None) for row in batch if isinstance(row, accounts.Purged)],
        )
    connection.execute("INSERT INTO meta VALUES ('account_number', ?)", (maker.number,))


def insert_accounts(connection: sqlite3.Connection, columns: list[str], rows: Iterable[accounts.Row]) -> None:
    """Append accounts; columns missing from a row stay null."""
    names = ", ".join(quoted(name) for name in columns)
    places = ", ".join("?" * len(columns))
    connection.executemany(
        f"INSERT INTO account ({names}) VALUES ({places})", ([row.get(name) for name in columns] for row in rows)
    )


def _fill_zuora(connection: sqlite3.Connection, shape: OrgShape) -> None:
    maker = billing.ZuoraAccountMaker(random.Random(f"billing {shape.seed}"))
    rows = billing.generate(maker, _fates(connection))
    while batch := list(islice(rows, BATCH)):
        insert_zuora(connection, batch)
    connection.execute("INSERT INTO meta VALUES ('zuora_number', ?)", (maker.number,))


def insert_zuora(connection: sqlite3.Connection, rows: Iterable[billing.ZuoraRow]) -> None:
    """Append Zuora accounts."""
    columns = (*billing.COLUMNS, *billing.TRUTH_COLUMNS)
    names = ", ".join(quoted(name) for name in columns)
    places = ", ".join("?" * len(columns))
    connection.executemany(
        f"INSERT INTO zuora_account ({names}) VALUES ({places})", ([row[name] for name in columns] for row in rows)
    )


def _fill_customers(connection: sqlite3.Connection, shape: OrgShape) -> None:
    zuora = connection.execute(
        "SELECT z.AccountNumber, z.Name, a.Id FROM zuora_account z"
        " LEFT JOIN account a ON a.Id = z.salesforce_id AND a.IsDeleted = 'false' ORDER BY z.position"
    )
    rows = customers.generate(random.Random(f"customers {shape.seed}"), zuora)
    columns = [field.name for field in customers.FIELDS]
    places = ", ".join("?" * len(columns))
    while batch := list(islice(rows, BATCH)):
        connection.executemany(
            f"INSERT INTO customer ({', '.join(map(quoted, columns))}) VALUES ({places})",
            ([row.get(name) for name in columns] for row in batch),
        )


def _fates(connection: sqlite3.Connection) -> Iterator[tuple[str, str | None, str]]:
    reader = connection.execute("SELECT Id, Name, IsDeleted, MasterRecordId FROM account ORDER BY position")
    for id_, name, deleted, master in reader:
        if deleted == "false":
            yield id_, name, "live"
        elif master is None:
            yield id_, name, "deleted"
        elif survivor(connection, master) is None:
            yield id_, name, "merged_winner_deleted"
        else:
            (gone,) = connection.execute("SELECT IsDeleted FROM account WHERE Id = ?", (master,)).fetchone()
            yield id_, name, "merged_chain" if gone == "true" else "merged"
    for id_, master in connection.execute("SELECT Id, MasterRecordId FROM purged ORDER BY rowid"):
        yield id_, None, "purged" if master is None or survivor(connection, master) is None else "merged_purged"


def survivor(connection: sqlite3.Connection, id_: str) -> str | None:
    """Return the id of the live account that an account was merged into: itself if it lives, None if none does."""
    seen: set[str] = set()
    while id_ not in seen:
        seen.add(id_)
        found = connection.execute(
            "SELECT IsDeleted, MasterRecordId FROM account WHERE Id = :id"
            " UNION ALL SELECT 'true', MasterRecordId FROM purged WHERE Id = :id",
            {"id": id_},
        ).fetchone()
        if found is None:
            return None
        if found[0] == "false":
            return id_
        if found[1] is None:
            return None
        id_ = found[1]
    return None


class Store:
    """The org's store as the server uses it, one thread at a time; a long read opens its own connection."""

    def __init__(self, path: Path, shape: OrgShape) -> None:
        self.path = path
        self.shape = shape
        self.connection = connect(path)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self._fields: dict[str, list[Field]] = {}

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Change the org in one transaction; advances its clock and revision. An error rolls everything back."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            self.connection.execute("UPDATE meta SET value = value + 1 WHERE key IN ('ticks', 'revision')")
            self.connection.execute(
                "UPDATE meta SET value = ? WHERE key = 'lineage' AND value = 0", (secrets.randbits(62) + 1,)
            )
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        else:
            self.connection.execute("COMMIT")
        finally:
            self.forget_fields()

    def meta(self, key: str) -> int:
        """Return a counter of the org: day, ticks, revision, account_number, zuora_number."""
        return int(self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])

    def set_meta(self, key: str, value: int) -> None:
        """Set a counter, inside `change`."""
        self.connection.execute("UPDATE meta SET value = ? WHERE key = ?", (value, key))

    @property
    def version(self) -> str:
        """Return a name for the org's current content: equal names mean equal content, even after a restart."""
        return f"{self.shape.file_name} {self.meta('lineage')} {self.meta('revision')}"

    def now(self) -> datetime.datetime:
        """Return the org's clock. It advances a second with every change, so runs are reproducible."""
        return accounts.GENERATED + datetime.timedelta(days=self.meta("day"), seconds=self.meta("ticks"))

    def stamp(self) -> str:
        """Return the clock in the store's datetime form."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def forget_fields(self) -> None:
        """Drop the cached field definitions; the next use reads them again."""
        self._fields.clear()

    def fields(self, object_name: str = "Account") -> list[Field]:
        """Return all fields of an object, including hidden ones, in describe order.

        Raises:
            KeyError: clients cannot write such an object.
        """
        if object_name not in TABLES:
            raise KeyError(f"the org keeps no fields of {object_name!r}; it has those of {', '.join(TABLES)}")
        if object_name not in self._fields:
            rows = self.connection.execute(
                "SELECT definition FROM field WHERE object = ? ORDER BY position", (object_name,)
            ).fetchall()
            self._fields[object_name] = [Field.from_json(definition) for (definition,) in rows]
        return self._fields[object_name]

    def field(self, name: str, object_name: str = "Account") -> Field:
        """Return a field by name, ignoring letter case.

        Raises:
            KeyError: the object has no such field.
        """
        for field in self.fields(object_name):
            if field.name.casefold() == name.casefold():
                return field
        raise KeyError(f"{object_name} has no field {name!r}")

    def count_live(self) -> int:
        """Return the number of accounts outside the recycle bin."""
        return int(self.connection.execute("SELECT count(*) FROM account WHERE IsDeleted = 'false'").fetchone()[0])

    def next_account_ids(self, count: int) -> range:
        """Reserve numbers for new accounts, inside `change`."""
        first = self.meta("account_number")
        self.set_meta("account_number", first + count)
        return range(first, first + count)

    def stored(self, values: dict[str, Any], object_name: str = "Account") -> dict[str, str | None]:
        """Return the stored texts by column, for values by API name.

        Raises:
            KeyError: a field does not exist.
            ValueError: a field's type cannot hold the value, or the field is compound.
        """
        result = {}
        for name, value in values.items():
            field = self.field(name, object_name)
            if field.is_compound:
                raise ValueError(f"{field.name} is a compound field; set its parts")
            result[column_of(field)] = to_store(field.type, value)
        return result


def column_of(field: Field) -> str:
    """Return the column of a field; a renamed field keeps its old column."""
    return field.column or field.name
