"""Translates the conditions of a SOQL query to SQL, with SOQL's comparison rules.

Text ignores letter case. Ids are case-sensitive and accepted in 15 or 18 characters. Null is never less or greater
than a value, and unequal to every value. An empty string is null.
"""

import datetime
import re
from typing import Any

from sf_insights.demo.data.ids import to_18
from sf_insights.demo.data.values import IDENTIFIERS, INTEGERS, NUMBERS_WITH_DECIMALS
from sf_insights.demo.soql.names import Column, Scope, as_number, find_column
from sf_insights.demo.soql.tree import Comparison, Literal, Logical, malformed
from sf_insights.demo.web.errors import ApiError

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_ORDERED = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def condition_sql(scope: Scope, condition: Comparison | Logical) -> str:
    """Return the SQL of a condition; null compares as SOQL has it."""
    if isinstance(condition, Logical):
        parts = [condition_sql(scope, inner) for inner in condition.conditions]
        if condition.operator == "not":
            return f"(NOT coalesce({parts[0]}, 0))"
        return "(" + f" {condition.operator.upper()} ".join(parts) + ")"
    column = find_column(scope, condition.path)
    if not column.field.filterable or column.field.is_compound:
        raise scope.query.error_at(
            "INVALID_FIELD", f"field '{column.name}' can not be filtered in a query call", condition.path.at
        )
    operator = condition.operator
    if operator in {"includes", "excludes"}:
        return _includes(scope, column, condition)
    if operator == "like":
        return _like(scope, column, condition)
    if operator in {"in", "not in"}:
        quick = _in_list(scope, column, condition)
        if quick is not None:
            return quick if operator == "in" else f"(NOT coalesce({quick}, 0))"
        tests = [_compare(scope, column, "=", literal) for literal in condition.literals]
        inside = "(" + " OR ".join(tests) + ")"
        return inside if operator == "in" else f"(NOT coalesce({inside}, 0))"
    return _compare(scope, column, operator, condition.literals[0])


def _bind(scope: Scope, value: Any) -> str:
    name = f"p{len(scope.parameters)}"
    scope.parameters[name] = value
    return f":{name}"


def _compare(scope: Scope, column: Column, operator: str, literal: Literal) -> str:
    if literal.kind == "named":
        return _compare_period(scope, column, operator, literal)
    value = _literal_for(scope, column, literal)
    if value is None:
        if operator not in {"=", "!="}:
            return "0"
        return f"({column.sql} IS {'' if operator == '=' else 'NOT '}NULL)"
    sql = as_number(column)
    place = _bind(scope, value)
    if sql == column.sql and column.type not in IDENTIFIERS:
        if isinstance(value, str) and not value.isascii():
            sql, place = f"fold({sql})", f"fold({place})"
        else:
            place += " COLLATE NOCASE"
    test = f"{sql} {_ORDERED[operator]} {place}"
    return f"({test} OR {column.sql} IS NULL)" if operator == "!=" else f"({test})"


def _in_list(scope: Scope, column: Column, condition: Comparison) -> str | None:
    """Return IN with a list of texts, which SQLite finds by an index; None if the literals need single comparisons."""
    if column.type in NUMBERS_WITH_DECIMALS | INTEGERS or any(
        literal.kind != "string" for literal in condition.literals
    ):
        return None
    values = [_literal_for(scope, column, literal) for literal in condition.literals]
    if not all(isinstance(value, str) and value.isascii() for value in values):
        return None
    collation = "" if column.type in IDENTIFIERS else " COLLATE NOCASE"
    return f"({column.sql}{collation} IN ({', '.join(_bind(scope, value) for value in values)}))"


def _compare_period(scope: Scope, column: Column, operator: str, literal: Literal) -> str:
    if column.type not in {"date", "datetime"}:
        raise _type_error(scope, column, literal)
    word, count = literal.value
    day = datetime.timedelta(days=1)
    start = end = scope.today
    if word == "yesterday":
        start = end = scope.today - day
    elif word == "tomorrow":
        start = end = scope.today + day
    elif word == "last_n_days":
        start = scope.today - day * count
    elif word == "next_n_days":
        start, end = scope.today + day, scope.today + day * count
    after = end + day
    suffix = "T00:00:00.000Z" if column.type == "datetime" else ""
    first, behind = _bind(scope, f"{start}{suffix}"), _bind(scope, f"{after}{suffix}")
    tests = {
        "=": f"({column.sql} >= {first} AND {column.sql} < {behind})",
        "!=": f"({column.sql} < {first} OR {column.sql} >= {behind} OR {column.sql} IS NULL)",
        "<": f"({column.sql} < {first})",
        "<=": f"({column.sql} < {behind})",
        ">": f"({column.sql} >= {behind})",
        ">=": f"({column.sql} >= {first})",
    }
    return tests[operator]


def _literal_for(scope: Scope, column: Column, literal: Literal) -> Any:
    """Return the literal in the store's form of the field's values, None for null."""
    type_, kind = column.type, literal.kind
    if kind == "null" or literal.value == "":
        return None
    if type_ in IDENTIFIERS:
        if kind != "string" or not _ID.fullmatch(literal.value):
            raise scope.query.error_at(
                "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {literal.value}", literal.at
            )
        return literal.value if len(literal.value) == 18 else to_18(literal.value)
    if type_ in NUMBERS_WITH_DECIMALS and kind == "number":
        return float(literal.value)
    if type_ in INTEGERS and kind == "number":
        return float(literal.value) if not literal.value.lstrip("+-").isdigit() else int(literal.value)
    if kind == type_ == "datetime":
        return _utc(scope, literal)
    if kind == type_ == "time":
        return datetime.time.fromisoformat(literal.value[:-1]).isoformat("milliseconds") + "Z"
    if kind == type_ and type_ in {"date", "boolean"}:
        return literal.value
    numeric = type_ in NUMBERS_WITH_DECIMALS | INTEGERS
    if kind == "string" and not numeric and type_ not in {"datetime", "date", "time", "boolean"}:
        return literal.value
    raise _type_error(scope, column, literal)


def _type_error(scope: Scope, column: Column, literal: Literal) -> ApiError:
    type_ = {"datetime": "dateTime"}.get(column.type, column.type)
    typed = column.type in NUMBERS_WITH_DECIMALS | INTEGERS | {"date", "datetime", "time", "boolean"}
    wanted = f"{type_} and should not be enclosed in quotes" if typed else "string and should be enclosed in quotes"
    return scope.query.error_at(
        "INVALID_FIELD",
        f"value of filter criterion for field '{column.name}' must be of type {wanted}",
        literal.at,
    )


def _utc(scope: Scope, literal: Literal) -> str:
    text = literal.value.replace("Z", "+00:00")
    fraction = re.search(r"\.(\d+)", text)
    if fraction:
        text = text.replace(fraction.group(), f".{fraction[1][:6]:<06}")
    try:
        moment = datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise malformed(f"Invalid datetime: {literal.value}") from None
    return moment.replace(tzinfo=None).isoformat("T", "milliseconds") + "Z"


def _like(scope: Scope, column: Column, condition: Comparison) -> str:
    literal = condition.literals[0]
    text_like = column.type not in NUMBERS_WITH_DECIMALS | INTEGERS | IDENTIFIERS | {"date", "datetime", "boolean"}
    if literal.kind != "string" or not text_like:
        raise scope.query.error_at(
            "INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {column.type} field", condition.path.at
        )
    pattern = literal.pattern
    if pattern.isascii():
        return f"({column.sql} LIKE {_bind(scope, pattern)} ESCAPE '\\')"
    return f"(fold({column.sql}) LIKE fold({_bind(scope, pattern)}) ESCAPE '\\')"


def _includes(scope: Scope, column: Column, condition: Comparison) -> str:
    if column.type != "multipicklist":
        raise scope.query.error_at(
            "INVALID_QUERY_FILTER_OPERATOR",
            f"includes or excludes operator only valid on multipicklist field, not {column.name}",
            condition.path.at,
        )
    groups = []
    for literal in condition.literals:
        if literal.kind != "string":
            raise _type_error(scope, column, literal)
        values = [f";{value.casefold()};" for value in literal.value.split(";")]
        tests = [f"instr(fold(';' || {column.sql} || ';'), {_bind(scope, value)}) > 0" for value in values]
        groups.append("(" + " AND ".join(tests) + ")")
    inside = "(" + " OR ".join(groups) + ")"
    return f"coalesce({inside}, 0)" if condition.operator == "includes" else f"(NOT coalesce({inside}, 0))"
