"""Read what Salesforce holds before each write, so that nothing equal is sent."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sf_insights.outbound.state import OutboundState
from sf_insights.outbound.values.pages import read_pages
from sf_insights.salesforce.account_reader import AccountReading
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.salesforce.record_updates import MOST_READ, read_records
from sf_insights.sql import identifier
from sf_insights.system.durable import PRIVATE_DIRECTORY

MOST_BY_ID = 20_000  # above, one query of the Bulk API costs fewer calls
_EXTRA = ("CurrencyIsoCode", "ParentId")


def calls_to_read(records: int) -> int:
    """Return about how many API calls it takes to read so many records."""
    return -(-records // MOST_READ) if records <= MOST_BY_ID else 12


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
    ids = [id_ for (id_,) in tx.execute(f"SELECT * FROM ({chosen}) ORDER BY 1")]
    if not ids:
        return
    if len(ids) <= MOST_BY_ID:
        for start in range(0, len(ids), MOST_READ):
            found = read_records(org, object_name, ids[start : start + MOST_READ], columns)
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
    pages = directory / "present"
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir(mode=PRIVATE_DIRECTORY, parents=True)
    try:
        with AccountReading(org, f"SELECT {', '.join(selected)} FROM {object_name}", pages) as reading:
            for _ in reading.pages():
                pass
        state.scratch().run(
            "outbound/present", columns=columns, has_deleted=has_deleted, chosen=chosen, pages=read_pages(pages)
        )
    finally:
        shutil.rmtree(pages, ignore_errors=True)
