"""The org's truth, for tests: every record, including deleted ones, and every Zuora account with its kind."""

import json
import sqlite3
from collections.abc import Iterator

from sf_insights.demo.data import billing
from sf_insights.demo.data.fields import Field
from sf_insights.demo.data.store import TABLES, column_of, connect, quoted, survivor
from sf_insights.demo.data.values import to_truth
from sf_insights.demo.running.org import Org

_ROWS_AT_ONCE = 1000


def records(org: Org, object_name: str = "Account", fields: str = "") -> Iterator[bytes]:
    """Yield one JSON line per record of an object, live or deleted.

    Args:
        fields: the API names of the fields to include, separated by commas; without them every field except compound
            ones, including hidden fields but not removed ones. Values have the form of `values.to_truth`.

    Raises:
        KeyError: clients cannot write such an object, or it has no such field.
    """
    with org.lock:
        known = {field.name: field for field in org.store.fields(object_name) if not field.is_compound}
        chosen = [known[name] for name in fields.split(",")] if fields else list(known.values())
        reader = _snapshot(org)
    return _record_lines(reader, TABLES[object_name], chosen)


def _record_lines(reader: sqlite3.Connection, table: str, fields: list[Field]) -> Iterator[bytes]:
    names = ", ".join(quoted(column_of(field)) for field in fields)
    rows = reader.execute(f"SELECT {names} FROM {table} ORDER BY position")
    try:
        while batch := rows.fetchmany(_ROWS_AT_ONCE):
            lines = []
            for row in batch:
                record = {field.name: to_truth(field.type, text) for field, text in zip(fields, row, strict=True)}
                lines.append(json.dumps(record))
            yield ("\n".join(lines) + "\n").encode()
    finally:
        reader.close()


def zuora_accounts(org: Org) -> Iterator[bytes]:
    """Yield one JSON line per Zuora account: the API's columns, kind, salesforce_id and survivor_id.

    salesforce_id is the account that its CRM Account ID means (null for strays). survivor_id is the live account that
    this one was merged into, itself if it lives, or null.
    """
    with org.lock:
        reader = _snapshot(org)
    return _zuora_lines(reader)


def _zuora_lines(reader: sqlite3.Connection) -> Iterator[bytes]:
    columns = (*billing.COLUMNS, *billing.TRUTH_COLUMNS)
    names = ", ".join(quoted(name) for name in columns)
    rows = reader.execute(f"SELECT {names} FROM zuora_account ORDER BY position")
    try:
        while batch := rows.fetchmany(_ROWS_AT_ONCE):
            lines = []
            for row in batch:
                record = dict(zip(columns, row, strict=True))
                meant = record["salesforce_id"]
                record["survivor_id"] = survivor(reader, meant) if meant else None
                lines.append(json.dumps(record))
            yield ("\n".join(lines) + "\n").encode()
    finally:
        reader.close()


def purged(org: Org) -> Iterator[bytes]:
    """Yield one JSON line per purged account: Id and MasterRecordId."""
    with org.lock:
        rows = org.store.connection.execute("SELECT Id, MasterRecordId FROM purged ORDER BY rowid").fetchall()
    for id_, master in rows:
        yield (json.dumps({"Id": id_, "MasterRecordId": master}) + "\n").encode()


def _snapshot(org: Org) -> sqlite3.Connection:
    reader = connect(org.store.path)
    reader.execute("BEGIN")
    reader.execute("SELECT value FROM meta").fetchone()
    return reader
