"""Translates a SOQL tree to parameterised SQL on the store."""

import datetime
from dataclasses import dataclass
from typing import Any

from sf_insights.demo.data.values import IDENTIFIERS
from sf_insights.demo.soql.conditions import condition_sql
from sf_insights.demo.soql.names import Column, Scope, as_number, find_column
from sf_insights.demo.soql.objects import Catalog, ObjectType
from sf_insights.demo.soql.tree import Aggregate, FieldsFunction, Order, Path, Query, malformed
from sf_insights.demo.web.errors import ApiError

_MAX_FIELDS_LIMIT = 200


@dataclass(frozen=True)
class Computed:
    """One value of an aggregate result: its key, SQL, the type of its field, and its display name."""

    alias: str
    sql: str
    type: str
    name: str
    is_aggregate: bool = True


@dataclass
class Compiled:
    """SQL for a query: `SELECT <what> {source}{where}{group}{order}{window}` with `parameters`.

    For an aggregate query, `aggregates` holds its computed values and the fields it groups by, and `columns` is empty.
    """

    object_type: ObjectType
    columns: list[Column]
    parents: list[tuple[tuple[str, ...], str, ObjectType]]  # (relationship path, table alias, object)
    aggregates: list[Computed]
    count_only: bool
    source: str
    where: str
    group: str
    order: str
    window: str
    parameters: dict[str, Any]

    def sql(self, what: str) -> str:
        """Return the statement that selects `what` for every record, in order."""
        return f"SELECT {what} FROM {self.source}{self.where}{self.group}{self.order}{self.window}"

    def count_sql(self) -> str:
        """Return the statement that counts the records in the result."""
        if self.window:
            return f"SELECT count(*) FROM (SELECT 1 FROM {self.source}{self.where}{self.window})"
        return f"SELECT count(*) FROM {self.source}{self.where}"


def compile_query(query: Query, catalog: Catalog, include_deleted: bool, today: datetime.date, masks: bool) -> Compiled:
    """Resolve the names in a query and return its SQL.

    Args:
        include_deleted: whether the result includes accounts in the recycle bin (queryAll).
        today: the org's day, for TODAY and LAST_N_DAYS:n.
        masks: whether encrypted fields are masked for the user.

    Raises:
        ApiError: 400 with Salesforce's code for the error.
    """
    base = catalog.queried(query.object_name)
    scope = Scope(query, catalog, base, today, masks)
    columns, aggregates, count_only = _select(scope)
    conditions = [] if query.where is None else [condition_sql(scope, query.where)]
    if base.has_recycle_bin and not include_deleted:
        conditions.append("t0.IsDeleted = 'false'")
    groups = [_grouped(scope, path) for path in query.group_by]
    keys = [_order_key(scope, order) for order in query.order_by]
    if not aggregates:
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
        " GROUP BY " + ", ".join(group.sql for group in groups) if groups else "",
        " ORDER BY " + ", ".join(keys) if keys else "",
        window,
        scope.parameters,
    )


def _select(scope: Scope) -> tuple[list[Column], list[Computed], bool]:
    query = scope.query
    if query.aggregates:
        if query.select == [Aggregate("count", None, None)] and not query.group_by:
            return [], [], True
        return [], _computed(scope), False
    columns: list[Column] = []
    for item in query.select:
        if isinstance(item, FieldsFunction):
            if item.group != "STANDARD" and (query.limit is None or query.limit > _MAX_FIELDS_LIMIT):
                raise malformed(f"The SOQL FIELDS function must have a LIMIT of at most {_MAX_FIELDS_LIMIT}")
            wanted = [f for f in scope.base.fields if item.group == "ALL" or f.custom == (item.group == "CUSTOM")]
            columns += [find_column(scope, Path((f.name,), 0)) for f in wanted]
        elif isinstance(item, Path):
            columns.append(find_column(scope, item))
    seen: set[tuple[str, ...]] = set()
    for column in columns:
        if column.path in seen:
            raise ApiError(400, "INVALID_FIELD", f"duplicate field selected: {column.name}")
        seen.add(column.path)
    return columns, [], False


def _computed(scope: Scope) -> list[Computed]:
    """Return the values of an aggregate result's rows, in the order of the query."""
    grouped = {_grouped(scope, path).path for path in scope.query.group_by}
    found: list[Computed] = []
    for item in scope.query.select:
        if isinstance(item, Aggregate):
            unnamed = sum(computed.alias.startswith("expr") for computed in found)
            found.append(_aggregate(scope, item, unnamed))
        elif isinstance(item, FieldsFunction):
            raise malformed("The SOQL FIELDS function is not supported with GROUP BY or aggregate functions")
        else:
            column = find_column(scope, item)
            if column.path not in grouped:
                raise scope.query.error_at(
                    "MALFORMED_QUERY", f"Field must be grouped or aggregated: {column.name}", item.at
                )
            found.append(Computed(column.path[-1], column.sql, column.type, column.name, is_aggregate=False))
    return found


def _grouped(scope: Scope, path: Path) -> Column:
    column = find_column(scope, path)
    if not column.field.describe()["groupable"]:
        raise scope.query.error_at(
            "MALFORMED_QUERY", f"field '{column.name}' can not be grouped in a query call", path.at
        )
    return column


def _aggregate(scope: Scope, item: Aggregate, number: int) -> Computed:
    alias = item.alias or f"expr{number}"
    name = f"{item.function}({item.path.text if item.path else ''})"
    if item.path is None:
        return Computed(alias, "count(*)", "int", name)
    column = find_column(scope, item.path)
    if column.field.describe()["aggregatable"] is False:
        raise scope.query.error_at(
            "INVALID_FIELD", f"field {column.name} does not support aggregate operator {item.function}", item.path.at
        )
    if item.function == "count":
        return Computed(alias, f"count({column.sql})", "int", name)
    if item.function == "count_distinct":
        return Computed(alias, f"count(DISTINCT {column.sql})", "int", name)
    number_sql = as_number(column)
    if item.function in {"sum", "avg"}:
        if number_sql == column.sql:
            raise scope.query.error_at(
                "INVALID_FIELD",
                f"field {column.name} does not support aggregate operator {item.function}",
                item.path.at,
            )
        return Computed(alias, f"{item.function}({number_sql})", "double", name)
    return Computed(alias, f"{item.function}({number_sql})", column.type, name)


def _order_key(scope: Scope, order: Order) -> str:
    direction = f"{' DESC' if order.descending else ''} NULLS {'LAST' if order.nulls_last else 'FIRST'}"
    if isinstance(order.key, Aggregate):
        return _aggregate(scope, order.key, 0).sql + direction
    column = find_column(scope, order.key)
    if not column.field.sortable:
        raise scope.query.error_at(
            "MALFORMED_QUERY", f"field '{column.name}' can not be sorted in a query call", order.key.at
        )
    if scope.query.aggregates and column.path not in {_grouped(scope, path).path for path in scope.query.group_by}:
        raise scope.query.error_at("MALFORMED_QUERY", f"Ordered field must be grouped: {column.name}", order.key.at)
    sql = as_number(column)
    if sql == column.sql and column.type not in IDENTIFIERS:
        sql += " COLLATE NOCASE"
    return sql + direction
