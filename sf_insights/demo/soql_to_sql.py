"""Turns a SOQL tree into parameterised SQL over the store, with the comparisons that SOQL has.

Text compares without letter case, ids with it and in either length, null is less than nothing and unequal to
everything, an empty string is null.
"""

import datetime
import re
from dataclasses import dataclass, field
from typing import Any

from sf_insights.demo.errors import ApiError
from sf_insights.demo.fields import Field
from sf_insights.demo.ids import to_18
from sf_insights.demo.objects import Catalog, ObjectType
from sf_insights.demo.soql import Aggregate, Comparison, FieldsFunction, Literal, Logical, Path, Query, malformed
from sf_insights.demo.store import column_of, quoted
from sf_insights.demo.values import IDENTIFIERS, INTEGERS, NUMBERS_WITH_DECIMALS

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_MAX_FIELDS_LIMIT = 200
_ORDERED = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True)
class Column:
    """One value of a result row: a field of the object or of a parent, in canonical spelling."""

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
class Compiled:
    """SQL for a query: `SELECT <what> {source}{where}{order}{window}` with `parameters`."""

    object_type: ObjectType
    columns: list[Column]
    parents: list[tuple[tuple[str, ...], str, ObjectType]]  # (relationship path, table alias, object)
    aggregates: list[tuple[str, str, str]]  # (alias, SQL expression, field type)
    count_only: bool
    source: str
    where: str
    order: str
    window: str
    parameters: dict[str, Any]

    def sql(self, what: str) -> str:
        """Return the statement that selects `what` of every record, in order."""
        return f"SELECT {what} FROM {self.source}{self.where}{self.order}{self.window}"

    def count_sql(self) -> str:
        """Return the statement that counts the records of the result."""
        if self.window:
            return f"SELECT count(*) FROM (SELECT 1 FROM {self.source}{self.where}{self.window})"
        return f"SELECT count(*) FROM {self.source}{self.where}"


@dataclass
class _Scope:
    query: Query
    catalog: Catalog
    base: ObjectType
    today: datetime.date
    masks: bool
    joins: dict[tuple[str, ...], tuple[str, ObjectType, str]] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)


def compile_query(query: Query, catalog: Catalog, include_deleted: bool, today: datetime.date, masks: bool) -> Compiled:
    """Look the names of a query up and return its SQL.

    Args:
        include_deleted: whether accounts in the recycle bin belong to the result (queryAll).
        today: the org's day, for TODAY and LAST_N_DAYS:n.
        masks: whether the user sees the values of encrypted fields masked.

    Raises:
        ApiError: 400 with Salesforce's code for what is wrong.
    """
    base = catalog.queried(query.object_name)
    scope = _Scope(query, catalog, base, today, masks)
    columns, aggregates, count_only = _select(scope)
    conditions = [] if query.where is None else [_condition(scope, query.where)]
    if base.table == "account" and not include_deleted:
        conditions.append("t0.IsDeleted = 'false'")
    keys = [_order_key(scope, order) for order in query.order_by]
    keys.append("t0.position")
    source = f"{base.table} t0" + "".join(join for _, _, join in scope.joins.values())
    window = ""
    if query.limit is not None or query.offset is not None:
        window = f" LIMIT {-1 if query.limit is None else query.limit} OFFSET {query.offset or 0}"
    return Compiled(
        base,
        columns,
        [(path, alias, target) for path, (alias, target, _) in scope.joins.items()],
        aggregates,
        count_only,
        source,
        " WHERE " + " AND ".join(conditions) if conditions else "",
        "" if aggregates else " ORDER BY " + ", ".join(keys),
        window,
        scope.parameters,
    )


def _select(scope: _Scope) -> tuple[list[Column], list[tuple[str, str, str]], bool]:
    query = scope.query
    if query.aggregates:
        if any(not isinstance(item, Aggregate) for item in query.select):
            raise malformed("Grouped query fields must be in a group by clause or be aggregated")
        items = [item for item in query.select if isinstance(item, Aggregate)]
        if len(items) == 1 and items[0].path is None:
            return [], [], True
        return [], [_aggregate(scope, item, number) for number, item in enumerate(items)], False
    columns: list[Column] = []
    for item in query.select:
        if isinstance(item, FieldsFunction):
            if item.group != "STANDARD" and (query.limit is None or query.limit > _MAX_FIELDS_LIMIT):
                raise malformed(f"The SOQL FIELDS function must have a LIMIT of at most {_MAX_FIELDS_LIMIT}")
            wanted = [f for f in scope.base.fields if item.group == "ALL" or f.custom == (item.group == "CUSTOM")]
            columns += [_column(scope, Path((f.name,), 0)) for f in wanted]
        elif isinstance(item, Path):
            columns.append(_column(scope, item))
    seen: set[tuple[str, ...]] = set()
    for column in columns:
        if column.path in seen:
            raise ApiError(400, "INVALID_FIELD", f"duplicate field selected: {column.name}")
        seen.add(column.path)
    return columns, [], False


def _aggregate(scope: _Scope, item: Aggregate, number: int) -> tuple[str, str, str]:
    alias = item.alias or f"expr{number}"
    if item.path is None:
        return alias, "count(*)", "int"
    column = _column(scope, item.path)
    if column.field.describe()["aggregatable"] is False:
        raise scope.query.error_at(
            "INVALID_FIELD", f"field {column.name} does not support aggregate operator {item.function}", item.path.at
        )
    if item.function == "count":
        return alias, f"count({column.sql})", "int"
    if item.function == "count_distinct":
        return alias, f"count(DISTINCT {column.sql})", "int"
    number_sql = _number(column)
    if item.function in {"sum", "avg"}:
        if number_sql == column.sql:
            raise scope.query.error_at(
                "INVALID_FIELD",
                f"field {column.name} does not support aggregate operator {item.function}",
                item.path.at,
            )
        return alias, f"{item.function}({number_sql})", "double"
    return alias, f"{item.function}({number_sql})", column.type


def _column(scope: _Scope, path: Path) -> Column:
    """Find the field behind a path; a path that starts with the object's own name means the object."""
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


def _number(column: Column) -> str:
    if column.type in NUMBERS_WITH_DECIMALS:
        return f"CAST({column.sql} AS REAL)"
    if column.type in INTEGERS:
        return f"CAST({column.sql} AS INTEGER)"
    return column.sql


def _order_key(scope: _Scope, order: Any) -> str:
    column = _column(scope, order.path)
    if not column.field.sortable:
        raise scope.query.error_at(
            "MALFORMED_QUERY", f"field '{column.name}' can not be sorted in a query call", order.path.at
        )
    sql = _number(column)
    if sql == column.sql and column.type not in IDENTIFIERS:
        sql += " COLLATE NOCASE"
    direction = " DESC" if order.descending else ""
    return f"{sql}{direction} NULLS {'LAST' if order.nulls_last else 'FIRST'}"


def _condition(scope: _Scope, condition: Comparison | Logical) -> str:
    if isinstance(condition, Logical):
        parts = [_condition(scope, inner) for inner in condition.conditions]
        if condition.operator == "not":
            return f"(NOT coalesce({parts[0]}, 0))"
        return "(" + f" {condition.operator.upper()} ".join(parts) + ")"
    column = _column(scope, condition.path)
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
        tests = [_compare(scope, column, "=", literal) for literal in condition.literals]
        inside = "(" + " OR ".join(tests) + ")"
        return inside if operator == "in" else f"(NOT coalesce({inside}, 0))"
    return _compare(scope, column, operator, condition.literals[0])


def _bind(scope: _Scope, value: Any) -> str:
    name = f"p{len(scope.parameters)}"
    scope.parameters[name] = value
    return f":{name}"


def _compare(scope: _Scope, column: Column, operator: str, literal: Literal) -> str:
    if literal.kind == "named":
        return _compare_period(scope, column, operator, literal)
    value = _literal_for(scope, column, literal)
    if value is None:
        if operator not in {"=", "!="}:
            return "0"
        return f"({column.sql} IS {'' if operator == '=' else 'NOT '}NULL)"
    sql = _number(column)
    place = _bind(scope, value)
    if sql == column.sql and column.type not in IDENTIFIERS:
        if isinstance(value, str) and not value.isascii():
            sql, place = f"fold({sql})", f"fold({place})"
        else:
            place += " COLLATE NOCASE"
    test = f"{sql} {_ORDERED[operator]} {place}"
    return f"({test} OR {column.sql} IS NULL)" if operator == "!=" else f"({test})"


def _compare_period(scope: _Scope, column: Column, operator: str, literal: Literal) -> str:
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


def _literal_for(scope: _Scope, column: Column, literal: Literal) -> Any:
    """Return the literal as the store holds the field's values, None for null."""
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


def _type_error(scope: _Scope, column: Column, literal: Literal) -> ApiError:
    type_ = {"datetime": "dateTime"}.get(column.type, column.type)
    typed = column.type in NUMBERS_WITH_DECIMALS | INTEGERS | {"date", "datetime", "time", "boolean"}
    wanted = f"{type_} and should not be enclosed in quotes" if typed else "string and should be enclosed in quotes"
    return scope.query.error_at(
        "INVALID_FIELD",
        f"value of filter criterion for field '{column.name}' must be of type {wanted}",
        literal.at,
    )


def _utc(scope: _Scope, literal: Literal) -> str:
    text = literal.value.replace("Z", "+00:00")
    fraction = re.search(r"\.(\d+)", text)
    if fraction:
        text = text.replace(fraction.group(), f".{fraction[1][:6]:<06}")
    try:
        moment = datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise malformed(f"Invalid datetime: {literal.value}") from None
    return moment.replace(tzinfo=None).isoformat("T", "milliseconds") + "Z"


def _like(scope: _Scope, column: Column, condition: Comparison) -> str:
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


def _includes(scope: _Scope, column: Column, condition: Comparison) -> str:
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
