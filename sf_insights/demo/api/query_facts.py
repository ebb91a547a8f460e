"""Facts about a query instead of its records: the columns of its result, and its plan.

Source: Salesforce, REST API Developer Guide, "Query" and "Get Feedback on Query Performance". The Salesforce CLI and
other clients use the columns to format a result.
"""

import sqlite3
from typing import Any

from sf_insights.demo.data.values import IDENTIFIERS, INTEGERS, NUMBERS_WITH_DECIMALS
from sf_insights.demo.soql.names import Column
from sf_insights.demo.soql.to_sql import Compiled, Computed

_APEX_TYPES = {"id": "Id", "reference": "Id", "boolean": "Boolean", "date": "Date", "datetime": "Datetime"}
_NUMBERS = NUMBERS_WITH_DECIMALS | INTEGERS


def columns_of(compiled: Compiled) -> dict[str, Any]:
    """Return the answer to /query?q=...&columns=true; a parent's fields are nested under its relationship."""
    columns = [_computed(item) for item in compiled.aggregates]
    for column in compiled.columns:
        siblings = columns
        for relationship in column.path[:-1]:
            siblings = _relationship(siblings, relationship)["joinColumns"]
        siblings.append(_field(column))
    return {
        "columnMetadata": columns,
        "entityName": compiled.object_type.name,
        "groupBy": bool(compiled.group),
        "idSelected": any(column.path == ("Id",) for column in compiled.columns),
        "keyPrefix": compiled.object_type.key_prefix,
    }


def _entry(name: str, type_: str, **facts: Any) -> dict[str, Any]:
    apex = "Integer" if type_ in INTEGERS else "Double" if type_ in NUMBERS_WITH_DECIMALS else "String"
    return {
        "aggregate": False,
        "apexType": _APEX_TYPES.get(type_, apex),
        "booleanType": type_ == "boolean",
        "columnName": name,
        "custom": False,
        "displayName": name,
        "foreignKeyName": None,
        "insertable": False,
        "joinColumns": [],
        "numberType": type_ in _NUMBERS,
        "textType": type_ not in _NUMBERS | IDENTIFIERS | {"boolean", "date", "datetime", "time"},
        "updatable": False,
        **facts,
    }


def _field(column: Column) -> dict[str, Any]:
    described = column.field.describe()
    return _entry(
        column.path[-1],
        column.type,
        custom=column.field.custom,
        foreignKeyName=column.field.relationship,
        insertable=described["createable"],
        updatable=described["updateable"],
    )


def _computed(item: Computed) -> dict[str, Any]:
    return _entry(item.alias, item.type, aggregate=item.is_aggregate, displayName=item.name)


def _relationship(siblings: list[dict[str, Any]], name: str) -> dict[str, Any]:
    for entry in siblings:
        if entry["columnName"] == name and entry["joinColumns"]:
            return entry
    siblings.append(_entry(name, "reference", apexType=name))
    return siblings[-1]


def explained(compiled: Compiled, connection: sqlite3.Connection, soql: str) -> dict[str, Any]:
    """Return the answer to /query?explain=...: this org's only plan, a scan of the whole object."""
    (found,) = connection.execute(
        f"SELECT count(*) FROM {compiled.source}{compiled.where}", compiled.parameters
    ).fetchone()
    (every,) = connection.execute(f"SELECT count(*) FROM {compiled.object_type.table}").fetchone()
    plan = {
        "cardinality": found,
        "fields": [],
        "leadingOperationType": "TableScan",
        "notes": [],
        "relativeCost": 1.0,
        "sobjectCardinality": every,
        "sobjectType": compiled.object_type.name,
    }
    return {"plans": [plan], "sourceQuery": soql}
