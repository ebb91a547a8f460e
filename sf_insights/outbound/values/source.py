"""The values to send: columns of `insights.accounts` in the snapshot, or the administrator's SELECT in a sandbox."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from sf_insights.domain.outbound.settings import ACCOUNT_KEYS, OutboundSync
from sf_insights.domain.outbound.targets import check_sources
from sf_insights.domain.problems import ConfigurationProblem, WarehouseProblem
from sf_insights.settings.database_limits import DatabaseLimits
from sf_insights.sql import identifier, literal, render
from sf_insights.warehouse.versions import SCHEMA_VERSION

SELECT_SECONDS = 600.0
_RELATION = "insights.accounts"
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_KEPT_BY_PARQUET = frozenset({"BOOLEAN", *_INTEGERS, "FLOAT", "DOUBLE", "VARCHAR", "DATE"})


@dataclass(frozen=True)
class Source:
    """What the snapshot says: its sync, when it was published, whose org it is of, and the columns to send from.

    `columns` are the source's columns with their DuckDB types; `sent` are those that entries name, in the order of the
    columns v0, v1, ... of the Parquet file `file`. `links` is the file with the account of each record, if the values
    do not name accounts.
    """

    sync: int
    published_at: datetime
    org_id: str | None
    columns: Mapping[str, str]
    sent: tuple[str, ...]
    file: Path
    links: Path | None


def select_text(outbound: OutboundSync, configuration: Path) -> str | None:
    """Return the text of the administrator's SELECT; None when values come from insights.accounts.

    Raises:
        ConfigurationProblem: the file cannot be read, or is not exactly one SELECT.
    """
    if outbound.values is None:
        return None
    file = configuration.parent / outbound.values
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationProblem(
            f"outbound: values: {file} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}.",
            "Put the file beside account_field_sync.yaml.",
        ) from None
    return _one_select(text, outbound.values)


def _one_select(text: str, name: str) -> str:
    try:
        statements = duckdb.extract_statements(text)
    except duckdb.Error as error:
        raise ConfigurationProblem(
            f"outbound: values: {name} is not valid SQL: {str(error).splitlines()[0]}.", "Correct the SELECT."
        ) from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise ConfigurationProblem(
            f"outbound: values: {name} must be exactly one SELECT; it has {len(statements)} statements."
            if len(statements) != 1
            else f"outbound: values: {name} must be a SELECT.",
            "Write one SELECT with a column account_id or salesforce_account_id.",
        )
    return _without_ending(statements[0].query)


def _without_ending(statement: str) -> str:
    """Return a statement without its semicolon and the comments after it, so that it fits into brackets."""
    text = statement.encode()
    end = len(text)
    for place, _ in reversed(duckdb.tokenize(statement)):  # places are in bytes, and comments are not tokens
        if text[place : place + 1] != b";":
            break
        end = place
    return text[:end].decode().strip()


def read_source(
    outbound: OutboundSync, select: str | None, snapshot: Path, directory: Path, limits: DatabaseLimits
) -> Source:
    """Write the values to send to a Parquet file.

    Args:
        outbound: the settings.
        select: the administrator's SELECT, or None.
        snapshot: the published file.
        directory: for the files.
        limits: DuckDB's limits of memory and threads.

    Raises:
        WarehouseProblem: nothing is published, or another version published it.
        ConfigurationProblem: the SELECT fails, or a column does not exist.
    """
    file, links = directory / "source.parquet", directory / "links.parquet"
    for old in (file, links):  # of a killed run; DuckDB would replace them by way of a file that the sandbox refuses
        old.unlink(missing_ok=True)
    with opened_source(outbound.values, select, snapshot, limits, files=(file, links)) as opened:
        key = "account_id" if select is None else _key_of(outbound, opened.columns)
        check_sources(outbound, _selectable(outbound, opened.columns), opened.name)
        sent = _named_columns(outbound)
        is_matches_alone = select is None and _are_of_matches(opened.connection, outbound, sent)
        table = "match" if is_matches_alone else "given"
        opened.connection.execute(
            render(
                "outbound/source",
                key=key,
                relation=opened.relation,
                is_matches_alone=is_matches_alone,
                columns=[_stored(f"{table}.{identifier(name)}", opened.columns[name]) for name in sent],
                match_name=outbound.match and outbound.match.source,
                match_column=_match_column(outbound, opened.columns, is_matches_alone=is_matches_alone),
                is_id=outbound.match is not None and outbound.match.to.casefold() == "id",
                file=str(file),
            )
        )
        if key != "account_id":
            opened.connection.execute(render("outbound/links", file=str(links)))
        if select is not None and outbound.match is not None:
            _refuse_doubled(opened.connection, opened.name, file)
        _refuse_endless(opened.connection, sent, opened.columns, opened.name, file)
    return Source(
        opened.sync,
        opened.published_at,
        opened.org_id,
        opened.columns,
        sent,
        file,
        links=None if key == "account_id" else links,
    )


def _stored(column: str, type_: str) -> str:
    """Return SQL for a column in a type that Parquet keeps exactly. A HUGEINT, such as a sum, would become a DOUBLE."""
    if type_ in ("HUGEINT", "UHUGEINT"):
        return f"CAST({column} AS DECIMAL(38, 0))"
    is_kept = type_ in _KEPT_BY_PARQUET or type_.startswith(("DECIMAL(", "TIMESTAMP"))
    return column if is_kept else f"CAST({column} AS VARCHAR)"


def check_columns(outbound: OutboundSync, select: str | None, snapshot: Path, limits: DatabaseLimits) -> None:
    """Check columns without running the SELECT over all accounts; raises the same errors as `read_source`."""
    with opened_source(outbound.values, select, snapshot, limits) as opened:
        if select is not None:
            _key_of(outbound, opened.columns)
        check_sources(outbound, _selectable(outbound, opened.columns), opened.name)


@dataclass(frozen=True)
class OpenedSource:
    """The sandbox with the source in it: `relation` is SQL to select from, `columns` its columns with their types.

    `sync`, `published_at` and `org_id` are of the published snapshot.
    """

    connection: duckdb.DuckDBPyConnection
    name: str
    relation: str
    columns: Mapping[str, str]
    sync: int
    published_at: datetime
    org_id: str | None


@contextmanager
def opened_source(
    values: str | None,
    select: str | None,
    snapshot: Path,
    limits: DatabaseLimits,
    *,
    files: tuple[Path, ...] = (),
    seconds: float = SELECT_SECONDS,
) -> Iterator[OpenedSource]:
    """Open the sandbox for questions about the source, such as how long its values are.

    Args:
        values: the name of the administrator's file, for messages; None when values come from insights.accounts.
        select: the text of the administrator's SELECT, or None.
        snapshot: the published file.
        limits: DuckDB's limits of memory and threads.
        files: the files in one directory that may be written.
        seconds: after which the questions are stopped.

    Raises:
        WarehouseProblem: nothing is published, or another version published it.
        ConfigurationProblem: the SELECT fails, or takes too long.
    """
    name = str(values) if select else _RELATION
    with _sandbox(snapshot, files, limits) as connection:
        published = _published(connection, snapshot)
        timer = threading.Timer(seconds, connection.interrupt)
        timer.start()
        try:
            with _translated(name):
                columns = _columns(connection, select or f"SELECT * FROM {_RELATION}")
                yield OpenedSource(connection, name, f"({select}\n)" if select else _RELATION, columns, *published)
        finally:
            timer.cancel()


@contextmanager
def _sandbox(snapshot: Path, files: tuple[Path, ...], limits: DatabaseLimits) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the snapshot so that a SELECT reaches nothing but it and `files`: no network, no settings."""
    if not snapshot.exists():
        raise WarehouseProblem("Nothing has been published yet.", "Run `sf-insights sync`.")
    config = {**limits.as_options(), "autoinstall_known_extensions": "false", "python_enable_replacements": "false"}
    with duckdb.connect(":memory:", config=config) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET preserve_insertion_order = false")
        try:
            connection.execute(f"ATTACH {literal(str(snapshot))} AS account_insights (READ_ONLY)")
        except duckdb.Error as error:
            raise WarehouseProblem(
                f"{snapshot.name} cannot be opened: {str(error).splitlines()[0]}.", "Run `sf-insights publish`."
            ) from None
        if files:
            connection.execute(f"SET temp_directory = {literal(str(files[0].with_suffix('.tmp')))}")
            connection.execute(f"SET allowed_paths = [{', '.join(literal(str(file)) for file in files)}]")
        connection.execute("USE account_insights")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def _published(connection: duckdb.DuckDBPyConnection, snapshot: Path) -> tuple[int, datetime, str | None]:
    try:
        rows = connection.execute(
            "SELECT snapshot.sync, snapshot.published_at, snapshot.schema_version, warehouse.org_id"
            " FROM insights.snapshot, ops.warehouse"
        ).fetchall()
    except duckdb.Error:
        rows = []
    if not rows:
        raise WarehouseProblem(f"{snapshot.name} is not a published snapshot.", "Run `sf-insights publish`.")
    sync, published_at, version, org_id = rows[0]
    if version != SCHEMA_VERSION:
        raise WarehouseProblem(
            f"{snapshot.name} was published by another version (schema {version}; this one reads {SCHEMA_VERSION}).",
            "Run `sf-insights sync`.",
        )
    return sync, published_at, org_id


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except duckdb.InterruptException:
        raise ConfigurationProblem(
            f"outbound: values: {name} took more than {SELECT_SECONDS / 60:.0f} minutes and was stopped.",
            "Make the SELECT cheaper.",
        ) from None
    except duckdb.PermissionException:
        raise ConfigurationProblem(
            f"outbound: values: {name} reads or writes files, which it may not.",
            "Use only the relations of the published snapshot.",
        ) from None
    except duckdb.OutOfMemoryException:
        raise ConfigurationProblem(
            f"outbound: values: {name} needs more memory than DuckDB may use.",
            "Make the SELECT cheaper, or set SF_INSIGHTS_MEMORY_LIMIT to a larger value.",
        ) from None
    except duckdb.Error as error:
        raise ConfigurationProblem(
            f"outbound: values: {name} fails: {str(error).splitlines()[0]}.", "Correct the SELECT."
        ) from None


def _columns(connection: duckdb.DuckDBPyConnection, select: str) -> dict[str, str]:
    rows = connection.execute(f"DESCRIBE ({select}\n)").fetchall()
    return {row[0]: row[1] for row in rows}


def _key_of(outbound: OutboundSync, columns: Mapping[str, str]) -> str:
    wanted = ("account_id",) if outbound.match is not None else ("account_id", "salesforce_account_id")
    for key in wanted:
        if key in columns:
            return key
    raise ConfigurationProblem(
        f"outbound: values: {outbound.values} has no column {' or '.join(wanted)}, so its rows belong to no account.",
        f"It has {', '.join(list(columns)[:20])}. Select the id too.",
    )


def _selectable(outbound: OutboundSync, columns: Mapping[str, str]) -> Mapping[str, str]:
    """The columns that entries may name: `match:` may also use the keys of every account."""
    if outbound.match is not None and outbound.match.source in ACCOUNT_KEYS:
        return {**dict.fromkeys(ACCOUNT_KEYS, "VARCHAR"), **columns}
    return columns


def _match_column(outbound: OutboundSync, columns: Mapping[str, str], *, is_matches_alone: bool) -> str | None:
    if outbound.match is None:
        return None
    table = "match" if is_matches_alone or outbound.match.source not in columns else "given"
    return f"{table}.{identifier(outbound.match.source)}"


def _named_columns(outbound: OutboundSync) -> tuple[str, ...]:
    names = [entry.source for entry in outbound.fields] + [
        entry.currency for entry in outbound.fields if entry.currency
    ]
    return tuple(dict.fromkeys(names))


def _are_of_matches(connection: duckdb.DuckDBPyConnection, outbound: OutboundSync, sent: tuple[str, ...]) -> bool:
    """Tell whether all columns are in insights.matched_accounts, which is much cheaper to read than all attributes."""
    names = {*sent, *([outbound.match.source] if outbound.match is not None else [])}
    return names <= _columns(connection, "SELECT * FROM insights.matched_accounts").keys()


def several_rows(name: str, account: str) -> ConfigurationProblem:
    """Return the error for several rows of one account: it is unclear which one counts."""
    return ConfigurationProblem(
        f"outbound: values: {name} has several rows for the account {account}.",
        "Write one row per account, such as with GROUP BY account_id.",
    )


def _refuse_doubled(connection: duckdb.DuckDBPyConnection, name: str, file: Path) -> None:
    """Refuse several rows for one account before `match:` looks for their records."""
    doubled = connection.execute(
        f"SELECT account_id FROM read_parquet({literal(str(file))})"
        " GROUP BY account_id HAVING count(*) > 1 ORDER BY 1 LIMIT 1"
    ).fetchall()
    if doubled:
        raise several_rows(name, doubled[0][0])


def _refuse_endless(
    connection: duckdb.DuckDBPyConnection, sent: tuple[str, ...], columns: Mapping[str, str], name: str, file: Path
) -> None:
    """Refuse NaN and infinity, which no field can hold and which mean a mistake in the calculation."""
    for number, column in enumerate(sent):
        sql = f"SELECT 1 FROM read_parquet({literal(str(file))}) WHERE NOT isfinite(v{number}) LIMIT 1"
        if columns.get(column) in ("DOUBLE", "FLOAT") and connection.execute(sql).fetchall():
            raise ConfigurationProblem(
                f"outbound: {column} of {name} has a value that is not a finite number (NaN or infinity).",
                "Turn such values into NULL in the SELECT.",
            )
