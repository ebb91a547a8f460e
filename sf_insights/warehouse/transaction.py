"""Run SQL between BEGIN and COMMIT."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import duckdb

from sf_insights.settings.database_limits import USUAL_LIMITS, DatabaseLimits
from sf_insights.sql import identifier, literal, render
from sf_insights.system.signals import refuse_stopped

# Two threads write 42 columns of a million accounts with the least memory, and fail with 102.
_MANY_COLUMNS = 45


class Transaction:
    """Runs SQL in an open transaction of the warehouse, or reads the snapshot."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, limits: DatabaseLimits = USUAL_LIMITS) -> None:
        self._connection = connection
        self._limits = limits

    def use_most_memory(self) -> None:
        """Let DuckDB use all the memory that it may have, until the database is closed."""
        self.execute(f"SET memory_limit = {literal(self._limits.memory_for())}")

    def use_memory_for(self, columns: int) -> None:
        """Let DuckDB use all the memory that it may have if it writes a table of many columns."""
        if columns > _MANY_COLUMNS:
            self.use_most_memory()

    def run(self, file: str, parameters: Mapping[str, Any] | None = None, **names: Any) -> None:
        """Run every statement of sql/`file`.sql: `names` are the template's variables, `parameters` are bound."""
        for statement in duckdb.extract_statements(render(file, **names)):
            bound = {name: (parameters or {})[name] for name in statement.named_parameters}
            self._run(statement, bound or None).fetchall()

    def execute(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        return self._run(sql, parameters).fetchall()

    def _run(self, statement: str | duckdb.Statement, parameters: Any = None) -> duckdb.DuckDBPyConnection:
        refuse_stopped()
        return self._connection.execute(statement, parameters)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return another connection to the same DuckDB, outside of this transaction."""
        return self._connection.cursor()

    def records(self, sql: str, parameters: Any = None) -> list[dict[str, Any]]:
        """Run one query and return its rows by column name."""
        result = self._run(sql, parameters)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def value(self, sql: str, parameters: Any = None) -> Any:
        """Return the first column of the first row; None if there is no row."""
        rows = self.execute(sql, parameters)
        return rows[0][0] if rows else None

    def is_empty(self, table: str) -> bool:
        """Tell whether a table has no rows."""
        return not self.value(f"SELECT count(*) FROM {table}")

    def insert(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert a few rows, all with the same column names; columns that they leave out become NULL."""
        given = list(rows)
        if given:
            types = dict(self.execute(f"SELECT column_name, column_type FROM (DESCRIBE {table})"))
            columns = ", ".join(identifier(name) for name in given[0])
            row = ", ".join(f"{identifier(name)} {types[name]}" for name in given[0])
            # Bind all rows as one value: DuckDB looks for pandas at each bound value, which is slower than the insert.
            self._run(
                f"INSERT INTO {table} ({columns}) SELECT unnest(CAST($rows AS JSON)::STRUCT({row})[], max_depth := 2)",
                {"rows": json.dumps(given, default=_json)},
            )

    def replace(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Replace the rows of a small table, in this order; do not write if it has these rows already."""
        wanted = list(rows)
        held = self.records(f"SELECT * FROM {table} ORDER BY rowid")
        names = held[0] if held else {}
        if held != [{name: row.get(name) for name in names} for row in wanted]:
            self.execute(f"DELETE FROM {table}")
            self.insert(table, wanted)

    def columns(self, schema: str, table: str) -> dict[str, str]:
        """Return the columns of a table or view in their order, with DuckDB's names of their types; {} without it."""
        try:
            # A tenth of the time that duckdb_columns() takes, which looks at every relation.
            described = self.execute(f"DESCRIBE {identifier(schema)}.{identifier(table)}")
        except duckdb.CatalogException:
            return {}
        return {name: type_ for name, type_, *_ in described}

    def columns_of_all(self, schema: str) -> dict[str, dict[str, tuple[str, str | None]]]:
        """The type and the comment of every column, by the tables and views of a schema; in the order of `columns`."""
        relations: dict[str, dict[str, tuple[str, str | None]]] = defaultdict(dict)
        for table, column, type_, comment in self.execute(
            "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() "
            "WHERE database_name = current_database() AND schema_name = ? ORDER BY table_name, column_index",
            [schema],
        ):
            relations[table][column] = type_, comment
        return relations


def _json(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} cannot be inserted")
