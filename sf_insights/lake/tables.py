"""Bring the tables of the lake to the published ones: rows that changed where there are many, else all rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sf_insights.sql import identifier, literal, render
from sf_insights.warehouse.transaction import Transaction

# The columns that name a row of the tables that grow with the accounts.
KEYS = {
    "ops.account_matches": ("account_id",),
    "ops.attribute_changes": ("account_id", "field", "changed_on"),
    "ops.attribute_values": ("account_id",),
    "ops.former_values": ("account_id", "field"),
    "ops.link_changes": ("account_id", "changed_on"),
    "ops.match_changes": ("account_id", "changed_on"),
    "ops.metric_history": ("account_id", "metric", "valid_from"),
    "ops.new_salesforce_accounts": ("salesforce_account_id",),
    "ops.rejected_values": ("sync", "salesforce_account_id", "field"),
    "salesforce.raw_accounts": ("Id",),
    "zuora.accounts": ("Id",),
}
FEW_ROWS = 10_000  # below that, one new file is smaller than what a change of rows leaves
LARGEST_SHARE = 0.2  # of the rows, above which all are written
MOST_FILES = 7  # of a table: a week of changes. Every change of rows adds a file for each earlier one


_Name = tuple[str, str]  # the schema and the name
_Comments = dict[_Name, str | None]

OWN = {("ops", "lake"), ("ops", "lake_views")}  # tables of the lake itself


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    name: str
    type: str
    is_nullable: bool


@dataclass(frozen=True)
class Held:
    """A table as the lake has it before a publication. `files` also counts those of its namesakes in other schemas."""

    columns: list[Column]
    files: int


@dataclass(frozen=True)
class Written:
    """How one table was written, and how many rows: all of it, or the rows that changed.

    A table that `is_created` is new, or has other columns than before.
    """

    table: str
    rows: int
    is_whole: bool
    is_created: bool = False


def write_tables(tx: Transaction) -> list[Written]:
    """Write what differs into `lake` from `published`, table by table; return what was written.

    Drops tables that are no longer published, except the lake's own.
    """
    published, lake = _columns(tx, "published"), _columns(tx, "lake")
    wanted, held = _comments(tx)
    for schema in sorted({schema for schema, _ in wanted} - {schema for schema, _ in held}):
        tx.execute(f"CREATE SCHEMA IF NOT EXISTS lake.{identifier(schema)}")
    files: dict[str, int] = dict(tx.execute(render("lake/file_counts")))
    written = []
    for table, comment in wanted.items():
        name = _quoted(*table)
        held_table = Held(lake[table], files.get(table[1], 0)) if table in lake else None
        done = _write(tx, ".".join(table), name, published[table], held_table)
        written += [done] if done else []
        is_created = done is not None and done.is_created
        if comment != (None if is_created else held.get(table)):
            tx.execute(f"COMMENT ON TABLE lake.{name} IS {literal(comment)}")
    for table in held:
        if table not in wanted and table not in OWN:
            tx.execute(f"DROP TABLE lake.{_quoted(*table)}")
    return written


def _write(tx: Transaction, table: str, name: str, published: list[Column], held: Held | None) -> Written | None:
    """Write one table; return None if it has the published rows already."""
    names: dict[str, Any] = {"table": name, "columns": [column.name for column in published]}
    rows = tx.value(f"SELECT count(*) FROM published.{name}")
    if held is None or [(one.name, one.type) for one in held.columns] != [(one.name, one.type) for one in published]:
        tx.run("lake/write_whole", **names)
        return Written(table, rows, is_whole=True, is_created=True)
    if not rows and not held.files:
        return None
    keys = _keys(table, published) if rows >= FEW_ROWS else ()
    if not keys:
        if not tx.value(render("lake/differs", **names)):
            return None
        tx.run("lake/replace_rows", **names)
        return Written(table, rows, is_whole=True)
    tx.run("lake/delta", keys=keys, **names)
    changed = tx.value("SELECT count(*) FROM delta")
    if not changed and tx.value(f"SELECT count(*) FROM lake.{name}") == rows:
        return None
    is_whole = changed > LARGEST_SHARE * rows or held.files >= MOST_FILES
    if not is_whole:
        tx.run("lake/apply_delta", keys=keys, **names)
        # Equal rows that are there twice leave no trace in the delta.
        is_whole = tx.value(f"SELECT count(*) FROM lake.{name}") != rows
    if is_whole:
        tx.run("lake/replace_rows", **names)
    return Written(table, rows if is_whole else changed, is_whole)


def _keys(table: str, columns: list[Column]) -> tuple[str, ...]:
    """Return the columns that name a row; none if one of them is missing or may be NULL, which equals nothing."""
    keys = KEYS.get(table, ())
    usable = {column.name for column in columns if not column.is_nullable}
    return keys if usable.issuperset(keys) else ()


def _columns(tx: Transaction, database: str) -> dict[_Name, list[Column]]:
    found: dict[_Name, list[Column]] = {}
    for schema, table, name, type_, is_nullable in tx.execute(render("lake/columns", database=database)):
        found.setdefault((schema, table), []).append(Column(name, type_, is_nullable))
    return found


def _comments(tx: Transaction) -> tuple[_Comments, _Comments]:
    """Return the comment of each published table, and of each table of the lake."""
    found: dict[str, _Comments] = {"published": {}, "lake": {}}
    for row in tx.records(render("lake/relations", kind="table")):
        found[row["database_name"]][row["schema_name"], row["name"]] = row["comment"]
    return found["published"], found["lake"]


def _quoted(schema: str, name: str) -> str:
    return f"{identifier(schema)}.{identifier(name)}"
