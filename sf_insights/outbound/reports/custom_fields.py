"""Measure the columns of the source, and say which custom fields can hold them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sf_insights.domain.outbound.custom_fields import Column, CustomField, custom_field
from sf_insights.domain.outbound.settings import OutboundField, OutboundSync
from sf_insights.domain.outbound.targets import source_kind
from sf_insights.outbound.values.source import SELECT_SECONDS, OpenedSource, opened_source, select_text
from sf_insights.settings.environment import Places
from sf_insights.sql import render


def custom_fields(
    outbound: OutboundSync | None, places: Places, *, only_mapped: bool = False, seconds: float = SELECT_SECONDS
) -> list[CustomField]:
    """Return the fields to create for the columns of the source, or for the mapped ones alone.

    A column that several entries send has a field for each of them. Without an `outbound:` block, the columns of
    insights.accounts are measured.

    Raises:
        WarehouseProblem: nothing is published.
        ConfigurationProblem: the SELECT fails, or takes longer than `seconds`.
    """
    select = select_text(outbound, places.configuration) if outbound else None
    entries = list(outbound.fields) if outbound else []
    with opened_source(
        outbound.values if outbound else None, select, places.snapshot, places.limits, seconds=seconds
    ) as source:
        wanted = {entry.source for entry in entries} if only_mapped else set(source.columns)
        columns = _columns(source, wanted)
    return [field for column in columns for field in _fields(column, entries)]


def _fields(column: Column, entries: list[OutboundField]) -> Iterator[CustomField]:
    senders = [entry for entry in entries if entry.source == column.name]
    made = [custom_field(column, entry) for entry in senders] if senders else [custom_field(column)]
    yield from (field for field in made if field is not None)


def _columns(source: OpenedSource, wanted: Collection[str]) -> list[Column]:
    measured = [
        {"name": name, "kind": kind}
        for name, type_ in source.columns.items()
        if name in wanted and (kind := source_kind(type_)) is not None
    ]
    if not measured:
        return []
    rows = _records(source, render("outbound/column_sizes", columns=measured, relation=source.relation))
    known = {
        row.pop("field"): row
        for row in _records(
            source,
            "SELECT fields.field, data_type, format, places, labels.label FROM insights.fields"
            " LEFT JOIN insights.field_labels AS labels USING (field)",
        )
    }
    return [
        Column(duckdb_type=source.columns[row["name"]], **row, **known.get(row["name"], {}))
        for row in sorted(rows, key=lambda row: list(source.columns).index(row["name"]))
    ]


def _records(source: OpenedSource, sql: str) -> list[dict[str, Any]]:
    result = source.connection.execute(sql)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
