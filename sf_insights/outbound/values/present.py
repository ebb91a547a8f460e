"""Read what Salesforce holds before each write, so that nothing equal is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sf_insights.domain.outbound.limits import MOST_BY_ID
from sf_insights.outbound.state import OutboundState
from sf_insights.outbound.values.pages import queried
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.salesforce.record_updates import read_records
from sf_insights.sql import identifier

_EXTRA = ("CurrencyIsoCode", "ParentId")


def read_present(
    state: OutboundState,
    org: SalesforceOrg,
    object_name: str,
    described: Iterable[str],
    fields: Sequence[str],
    directory: Path,
    chosen: str = "SELECT DISTINCT record_id FROM candidates",
) -> None:
    """Fill the temporary table `present`: record_id, is_gone, a text column per field, CurrencyIsoCode and ParentId.

    Args:
        state: the open file, with the temporary table that `chosen` reads.
        org: the connected org.
        object_name: the object.
        described: its fields that the user sees.
        fields: the targets to read.
        directory: for the pages of a large answer.
        chosen: a query of the ids of the records to read.
    """
    names = set(described)
    extra = [name for name in _EXTRA if name in names]
    columns = [*fields, *(name for name in extra if name not in fields)]
    tx = state.scratch()
    types = ", ".join(f"{identifier(name)} VARCHAR" for name in [*fields, *_EXTRA])
    tx.execute(f"CREATE OR REPLACE TEMP TABLE present (record_id VARCHAR, is_gone BOOLEAN, {types})")
    ids = [id_ for (id_,) in tx.execute(f"SELECT * FROM ({chosen}) ORDER BY 1 LIMIT {MOST_BY_ID + 1}")]
    if not ids:
        return
    if len(ids) <= MOST_BY_ID:
        for found in read_records(org, object_name, ids, columns):
            tx.insert("present", [_row(id_, record, columns) for id_, record in found])
        return
    _read_all(state, org, object_name, columns, directory, chosen, "IsDeleted" in names)


def _row(id_: str, record: Mapping[str, str | None] | None, columns: Sequence[str]) -> dict[str, object]:
    return {"record_id": id_, "is_gone": record is None, **{name: record and record[name] for name in columns}}


def _read_all(
    state: OutboundState,
    org: SalesforceOrg,
    object_name: str,
    columns: Sequence[str],
    directory: Path,
    chosen: str,
    has_deleted: bool,
) -> None:
    """Read the fields of all records by one query, and keep the chosen ones."""
    selected = ["Id", *(["IsDeleted"] if has_deleted else []), *columns]
    soql = f"SELECT {', '.join(selected)} FROM {object_name}"
    with queried(org, soql, directory / "present") as records:
        state.scratch().run(
            "outbound/present", columns=columns, has_deleted=has_deleted, chosen=chosen, records=records
        )
