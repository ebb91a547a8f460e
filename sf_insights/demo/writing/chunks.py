"""Writes up to 200 rows of one object in one transaction, as Salesforce does for every API.

Each row is written or refused alone, unless the request wants all or none.
"""

import re
import sqlite3
from dataclasses import dataclass, field

from sf_insights.demo.data.fields import Field
from sf_insights.demo.data.ids import suffix, to_18
from sf_insights.demo.data.store import TABLES, Store, column_of, quoted
from sf_insights.demo.soql.objects import Catalog, ObjectType
from sf_insights.demo.time.changes import record_row, stamps, write_columns
from sf_insights.demo.writing.counts import Counts
from sf_insights.demo.writing.refusals import (
    DELETED,
    NAME_OF_A_PERSON,
    NO_ACCESS,
    NO_ID,
    ROLLED_BACK,
    UNKNOWN_ID,
    Refused,
    bad_picklist_value,
    not_updateable,
)
from sf_insights.demo.writing.rules import Rules

CHUNK = 200
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


@dataclass
class Row:
    """One record to update: its id as sent, and the stored texts of its fields by API name."""

    id: str
    values: dict[str, str | None] = field(default_factory=dict)
    refused: Refused | None = None  # why the row could not be read


@dataclass(frozen=True)
class Outcome:
    """What became of a row: its 18-character id, and why it was refused."""

    id: str | None
    refused: Refused | None = None


@dataclass(frozen=True)
class Author:
    """Who writes. `new_owner` is the user whom an assignment rule makes the owner of each written Account."""

    user_id: str
    may_write: bool
    new_owner: str = ""


@dataclass
class _Pending:
    found: ObjectType
    id: str
    row: Row
    before: dict[str, str | None]


class _RolledBack(Exception):
    pass


class Writer:
    """Writes rows for one user. The caller holds the org's lock."""

    def __init__(self, store: Store, catalog: Catalog, author: Author, rules: Rules, counts: Counts) -> None:
        self.store = store
        self.catalog = catalog
        self.author = author
        self.rules = rules
        self.counts = counts
        # With hidden ones: a flow or a rule may use them.
        self.fields = {
            name: {field.name: field for field in store.fields(name) if not field.is_compound} for name in TABLES
        }

    def write(self, groups: list[tuple[ObjectType, list[Row]]], all_or_none: bool = False) -> list[Outcome]:
        """Update records; return an outcome for each row, in order.

        Args:
            groups: rows of one object each, 200 in all. Fields that an object lacks are hidden from the user.
            all_or_none: write nothing if a row is refused.
        """
        outcomes: list[Outcome] = []
        pending: dict[int, _Pending] = {}
        for found, rows in groups:
            checked = self._check_group(found, rows, outcomes)
            failed = self.rules.failed_by_triggers(found.name, [one.id for one in checked.values()])
            for number, one in checked.items():
                if one.id in failed:
                    outcomes[number] = Outcome(one.id, failed[one.id])
                else:
                    pending[number] = one
        if pending and not (all_or_none and len(pending) < len(outcomes)):
            self._save(pending, outcomes, all_or_none)
        if all_or_none and any(outcome.refused for outcome in outcomes):
            return [outcome if outcome.refused else Outcome(outcome.id, Refused(*ROLLED_BACK)) for outcome in outcomes]
        return outcomes

    def _check_group(self, found: ObjectType, rows: list[Row], outcomes: list[Outcome]) -> dict[int, _Pending]:
        """Append the outcomes of one object's rows; return the rows that passed, by their number."""
        passed = {}
        seen: set[str] = set()
        for row in rows:
            id_ = _known_form(row.id)
            try:
                passed[len(outcomes)] = self._checked(found, row, id_, seen)
                outcomes.append(Outcome(id_))
            except Refused as refused:
                outcomes.append(Outcome(id_, refused))
        return passed

    def _save(self, pending: dict[int, _Pending], outcomes: list[Outcome], all_or_none: bool) -> None:
        written = []
        try:
            with self.store.change():
                for number, one in pending.items():
                    try:
                        written.append((one, self._saved(one.found, one)))
                    except Refused as refused:
                        outcomes[number] = Outcome(one.id, refused)
                        if all_or_none:
                            raise _RolledBack from None
        except _RolledBack:
            return
        for one, changed in written:
            self.counts.note(one.id, one.row.values, changed)

    def _checked(self, found: ObjectType, row: Row, id_: str | None, seen: set[str]) -> _Pending:
        """Check what needs no trigger.

        Raises:
            Refused: the row cannot be written.
        """
        if row.refused:
            raise row.refused
        if not self.author.may_write:
            raise Refused(*NO_ACCESS)
        if not row.id:
            raise Refused(*NO_ID)
        if id_ is None or not id_.startswith(found.key_prefix):
            raise Refused("MALFORMED_ID", f"{found.label} ID: id value of incorrect type: {row.id}", "Id")
        if id_ in seen:
            raise Refused("DUPLICATE_VALUE", f"Duplicate id specified: {id_}")
        seen.add(id_)
        try:
            before = record_row(self.store, found.name, id_)
        except KeyError:
            raise Refused(*UNKNOWN_ID) from None
        if before["IsDeleted"] == "true":
            raise Refused(*DELETED)
        fields = {name: found.field(name) for name in row.values}
        refused = [name for name, field in fields.items() if field is None or not field.updateable]
        if refused:
            raise not_updateable(refused)
        if "Name" in row.values and before.get("IsPersonAccount") == "true":  # it is made of the person's names
            raise Refused(*NAME_OF_A_PERSON)
        self.rules.check_lock(id_)
        for name, text in row.values.items():
            field = fields[name]
            if field and field.type == "reference" and text:
                self._check_reference(field, text)
        return _Pending(found, id_, row, before)

    def _check_reference(self, field: Field, text: str) -> None:
        id_ = _known_form(text)
        target = self.catalog.find(field.reference_to[0]) if field.reference_to else None
        if id_ is None or (target and not id_.startswith(target.key_prefix)):
            raise Refused("MALFORMED_ID", f"{field.label}: id value of incorrect type: {text}", field.name)
        if target is None:
            return
        gone = " AND IsDeleted = 'false'" if target.writable else ""
        query = f"SELECT 1 FROM {target.table} WHERE Id = ?{gone}"
        if self.store.connection.execute(query, (id_,)).fetchone() is None:
            raise Refused(*UNKNOWN_ID, field.name)

    def _saved(self, found: ObjectType, one: _Pending) -> set[str]:
        """Save one record with the changes of flows and assignment rules; return the sent fields that changed.

        Raises:
            Refused: a validation rule, a controlling field or another record's unique value forbids it.
        """
        fields = self.fields[found.name]
        values = {
            name: to_18(text) if text and fields[name].type == "reference" and len(text) == 15 else text
            for name, text in one.row.values.items()
        }
        changed = {name for name, text in values.items() if one.before.get(column_of(fields[name])) != text}
        if self.author.new_owner and found.name == "Account":
            values["OwnerId"] = self.author.new_owner
        for flow in self.rules.flows:
            if flow.object_name == found.name and flow.field in fields:
                values[flow.field] = flow.value or str(self.counts.writes_of(one.id) + 1)
        if self.rules.validation_rules:
            after = {name: one.before.get(column_of(field)) for name, field in fields.items()} | values
            self.rules.check_values(found.name, after)
        self._check_dependent(fields, one.before, values)
        for name in changed:
            self._check_unique(found, fields[name], values[name], one.id)
        columns = {column_of(fields[name]): text for name, text in values.items()}
        write_columns(self.store, found.name, one.before, columns | stamps(self.store, self.author.user_id))
        return changed

    def _check_dependent(
        self, fields: dict[str, Field], before: dict[str, str | None], values: dict[str, str | None]
    ) -> None:
        """Check the sent values of restricted dependent picklists against the record as it would be saved."""
        for name, text in values.items():
            field = fields[name]
            if not (text and field.restricted and field.controller):
                continue
            controller = fields[field.controller]
            controlling = values.get(controller.name, before.get(column_of(controller)))
            for value in text.split(";"):
                if not field.allows(value, controlling, controller):
                    raise bad_picklist_value(field, value)

    def _check_unique(self, found: ObjectType, field: Field, text: str | None, id_: str) -> None:
        if not field.unique or text is None:
            return
        column, compared = quoted(column_of(field)), "" if field.case_sensitive else " COLLATE NOCASE"
        other: sqlite3.Row | None = self.store.connection.execute(
            f"SELECT Id FROM {found.table} WHERE {column} = ?{compared} AND Id <> ? AND IsDeleted = 'false'",
            (text, id_),
        ).fetchone()
        if other is not None:
            message = f"duplicate value found: {field.name} duplicates value on record with id: {other[0][:15]}"
            raise Refused("DUPLICATE_VALUE", message)


def _known_form(id_: str) -> str | None:
    """Return an id in 18 characters; None if it is not an id, or its suffix contradicts it."""
    if not _ID.fullmatch(id_):
        return None
    return id_ if len(id_) == 18 and id_[15:] == suffix(id_[:15]) else (to_18(id_) if len(id_) == 15 else None)
