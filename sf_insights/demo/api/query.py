"""REST queries: `query` and `queryAll`, in pages; a locator is valid only in the session that got it."""

import itertools
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from sf_insights.demo.api.metadata import compound_parts, compound_value
from sf_insights.demo.api.query_facts import columns_of, explained
from sf_insights.demo.data.store import column_of, quoted
from sf_insights.demo.running.org import Org, Session
from sf_insights.demo.soql.names import Column
from sf_insights.demo.soql.parser import parse
from sf_insights.demo.soql.to_sql import Compiled, compile_query
from sf_insights.demo.web.errors import ApiError
from sf_insights.demo.web.json_values import to_json
from sf_insights.demo.web.requests import Answer, ApiRequest

MAX_OPEN = 10
_MIN_BATCH = 200
_MAX_BATCH = 2000


@dataclass
class _Cursor:
    """An open query. It keeps the positions of the records found at its start, not their values."""

    session: Session
    compiled: Compiled
    positions: list[int]
    batch: int


class Queries:
    """The open queries of the org."""

    def __init__(self) -> None:
        self._cursors: OrderedDict[str, _Cursor] = OrderedDict()
        self._numbers = itertools.count(1)

    def expire(self) -> None:
        """Forget all locators."""
        self._cursors.clear()

    def run(self, org: Org, request: ApiRequest, session: Session, include_deleted: bool) -> Answer:
        """GET /query?q= or /queryAll?q=: the first page, or the columns with &columns=true; ?explain= gives a plan.

        Raises:
            ApiError: 400 with Salesforce's code for the error in the query.
        """
        soql = request.query.get("q", request.query.get("explain", ""))
        if not soql.strip():
            raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
        with org.lock:
            query = parse(soql)
            compiled = compile_query(query, org.catalog, include_deleted, org.store.now().date(), org.masks)
            connection = org.store.connection
            if "explain" in request.query:
                return Answer(explained(compiled, connection, soql))
            if request.query.get("columns", "").lower() == "true":
                return Answer(columns_of(compiled))
            if compiled.count_only:
                (total,) = connection.execute(compiled.count_sql(), compiled.parameters).fetchone()
                return Answer({"totalSize": total, "done": True, "records": []})
            if compiled.aggregates:
                return _aggregated(org, compiled)
            rows = connection.execute(compiled.sql("t0.position"), compiled.parameters)
            cursor = _Cursor(session, compiled, [position for (position,) in rows], _batch(request, org))
            return self._page(org, request, cursor, None, 0)

    def more(self, org: Org, request: ApiRequest, session: Session) -> Answer:
        """GET /query/{locator}: the next page.

        Raises:
            ApiError: 400 INVALID_QUERY_LOCATOR if the locator is expired, altered or from another session.
        """
        key, _, start = request.parameters["locator"].rpartition("-")
        cursor = self._cursors.get(key)
        if cursor is None or cursor.session is not session or not start.isdigit():
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        with org.lock:
            return self._page(org, request, cursor, key, int(start))

    def _page(self, org: Org, request: ApiRequest, cursor: _Cursor, key: str | None, start: int) -> Answer:
        positions = cursor.positions[start : start + cursor.batch]
        records = _records(org, cursor.compiled, positions, request.parameters["version"])
        end = start + len(positions)
        total = len(cursor.positions)
        body: dict[str, Any] = {"totalSize": total, "done": end >= total}
        if end < total:
            if key is None:
                key = f"01gDm{next(self._numbers):010d}AAC"
                self._cursors[key] = cursor
                while len(self._cursors) > MAX_OPEN:
                    self._cursors.popitem(last=False)
            body["nextRecordsUrl"] = f"/services/data/{request.parameters['version']}/query/{key}-{end}"
        body["records"] = records
        return Answer(body)


def _batch(request: ApiRequest, org: Org) -> int:
    wanted = _MAX_BATCH
    for option in request.headers.get("sforce-query-options", "").split(","):
        name, _, value = option.partition("=")
        if name.strip().lower() == "batchsize" and value.strip().isdigit():
            wanted = min(_MAX_BATCH, max(_MIN_BATCH, int(value)))
    return min(wanted, org.settings.batch_records)


def _aggregated(org: Org, compiled: Compiled) -> Answer:
    what = ", ".join(computed.sql for computed in compiled.aggregates)
    rows = org.store.connection.execute(compiled.sql(what), compiled.parameters).fetchall()
    if len(rows) > _MAX_BATCH:
        message = "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", message)
    records = []
    for row in rows:
        record: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
        for computed, value in zip(compiled.aggregates, row, strict=True):
            record[computed.alias] = to_json(computed.type, value) if isinstance(value, str) else value
        records.append(record)
    return Answer({"totalSize": len(records), "done": True, "records": records})


def _records(org: Org, compiled: Compiled, positions: list[int], version: str) -> list[dict[str, Any]]:
    """Return the records at these positions of the table, in this order, without those purged meanwhile."""
    if not positions:
        return []
    expressions = ["t0.position", "t0.Id", *(f"{alias}.Id" for _, alias, _ in compiled.parents)]
    parts: list[tuple[Column, list[str], int]] = []
    for column in compiled.columns:
        names = [column.field.name]
        sqls = [column.sql]
        if column.field.is_compound:
            owner = column.parents[-1] if column.parents else compiled.object_type
            names = [name for _, name in compound_parts(column.field) if owner.field(name)]
            sqls = [f"{column.sql}.{quoted(column_of(owner.field(name) or column.field))}" for name in names]
        parts.append((column, names, len(expressions)))
        expressions += sqls
    places = ", ".join(map(str, positions))
    statement = f"SELECT {', '.join(expressions)} FROM {compiled.source} WHERE t0.position IN ({places})"
    rows = {row[0]: row for row in org.store.connection.execute(statement)}
    records = []
    for row in (rows[position] for position in positions if position in rows):
        record = _shell(compiled.object_type.name, row[1], version)
        homes: dict[tuple[str, ...], dict[str, Any] | None] = {(): record}
        for (path, _, target), id_ in zip(compiled.parents, row[2:], strict=False):
            home = homes[path[:-1]]
            homes[path] = None if id_ is None else _shell(target.name, id_, version)
            if home is not None:
                home[path[-1]] = homes[path]
        for column, names, start in parts:
            home = homes[column.path[:-1]]
            if home is None:
                continue
            if column.field.is_compound:
                texts = dict(zip(names, row[start:], strict=False))
                home[column.path[-1]] = compound_value(column.field, texts)
            else:
                home[column.path[-1]] = to_json(column.type, row[start])
        records.append(record)
    return records


def _shell(name: str, id_: str, version: str) -> dict[str, Any]:
    return {"attributes": {"type": name, "url": f"/services/data/{version}/sobjects/{name}/{id_}"}}
