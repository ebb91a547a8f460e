"""Finds the fields of a query on its object and its parents, and joins these parents."""

import datetime
from dataclasses import dataclass, field
from typing import Any

from sf_insights.demo.data.fields import Field
from sf_insights.demo.data.store import column_of, quoted
from sf_insights.demo.data.values import INTEGERS, NUMBERS_WITH_DECIMALS
from sf_insights.demo.soql.objects import Catalog, ObjectType
from sf_insights.demo.soql.tree import Path, Query


@dataclass(frozen=True)
class Column:
    """One column of a result: a field of the object or a parent, in canonical spelling."""

    path: tuple[str, ...]
    type: str
    sql: str
    field: Field
    parents: tuple[ObjectType, ...] = ()

    @property
    def name(self) -> str:
        """The header of a CSV column."""
        return ".".join(self.path)


@dataclass
class Scope:
    """A query being compiled: the parents joined and the values bound so far."""

    query: Query
    catalog: Catalog
    base: ObjectType
    today: datetime.date
    masks: bool
    joins: dict[tuple[str, ...], tuple[str, ObjectType, str]] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)


def find_column(scope: Scope, path: Path) -> Column:
    """Find the field of a path, which may start with the name of the query's object."""
    parts = path.parts
    if len(parts) > 1 and parts[0].casefold() == scope.base.name.casefold():
        parts = parts[1:]
    alias, owner = "t0", scope.base
    canonical: tuple[str, ...] = ()
    parents: tuple[ObjectType, ...] = ()
    for part in parts[:-1]:
        reference = owner.parent(part)
        target = scope.catalog.find(reference.reference_to[0]) if reference else None
        if reference is None or target is None:
            raise scope.query.error_at(
                "INVALID_FIELD",
                f"Didn't understand relationship '{part}' in field path. If you are attempting to use a custom"
                " relationship, be sure to append the '__r' after the custom relationship name. Please reference your"
                " WSDL or the describe call for the appropriate names.",
                path.at,
            )
        canonical = (*canonical, reference.relationship or "")
        parents = (*parents, target)
        if canonical not in scope.joins:
            joined = f"t{len(scope.joins) + 1}"
            link = quoted(column_of(reference))
            join = f" LEFT JOIN {target.table} {joined} ON {joined}.Id = {alias}.{link}"
            scope.joins[canonical] = (joined, target, join)
        alias, owner = scope.joins[canonical][0], target
    found = owner.field(parts[-1])
    if found is None:
        raise scope.query.error_at(
            "INVALID_FIELD",
            f"No such column '{parts[-1]}' on entity '{owner.name}'. If you are attempting to use a custom field, be"
            " sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for"
            " the appropriate names.",
            path.at,
        )
    sql = alias if found.is_compound else f"{alias}.{quoted(column_of(found))}"
    if scope.masks and found.type == "encryptedstring":
        sql = f"masked({sql}, '{found.mask_type}', '{found.mask_character}')"
    return Column((*canonical, found.name), found.type, sql, found, parents)


def as_number(column: Column) -> str:
    """Return the SQL of a column as a number, if it holds numbers: the store has their text."""
    if column.type in NUMBERS_WITH_DECIMALS:
        return f"CAST({column.sql} AS REAL)"
    if column.type in INTEGERS:
        return f"CAST({column.sql} AS INTEGER)"
    return column.sql
