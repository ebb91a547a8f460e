"""Find the records that `match:` names: the ids of the object's records whose id field has an account's key.

Nothing is ever created. A key that several records have is ambiguous, and none of them is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sf_insights.outbound.state import OutboundState
from sf_insights.outbound.values.pages import queried
from sf_insights.salesforce.org import SalesforceOrg
from sf_insights.sql import identifier, render
from sf_insights.system.clock import now

MOST_BY_KEY = 2000
FOUND_FOR = timedelta(days=7)
MISSING_FOR = timedelta(days=1)
_LONGEST_LIST = 6000  # characters of keys in one query
_NUMBERS = frozenset({"double", "currency", "percent", "int", "long"})


def find_records(
    state: OutboundState,
    org: Callable[[], SalesforceOrg],
    object_name: str,
    field: Mapping[str, Any],
    directory: Path,
    *,
    has_deleted: bool,
    everything: bool,
) -> None:
    """Fill record_id, status and reason of the table `source` in the scratch file.

    Args:
        state: the open file, with the scratch file attached.
        org: connects when a key must be looked up.
        object_name: the object.
        field: the describe of the id field.
        directory: for the pages of a large answer.
        has_deleted: whether records of the object can be in the recycle bin, as its field IsDeleted tells.
        everything: whether to look up all keys, also those that were found lately.
    """
    tx, moment = state.scratch(), now()
    to = str(field["name"])  # not as the settings spell it: answers have Salesforce's letter case
    names = {"object": object_name, "field": to}
    folds = not field.get("caseSensitive") and to != "Id"  # an id in other letters is another id
    form: dict[str, Any] = {"folds": folds, "is_number": field["type"] in _NUMBERS}
    tx.run("outbound/keys", **form)
    with state.transaction() as change:
        change.run(
            "outbound/forget_found",
            {**names, "everything": everything, "missing": moment - MISSING_FOR, "found": moment - FOUND_FOR},
        )
        unknown = [key for (key,) in change.execute(render("outbound/unknown_keys"), names)]
    if unknown:
        tx.execute("CREATE OR REPLACE TEMP TABLE looked_up (key VARCHAR, record_id VARCHAR)")
        if len(unknown) <= MOST_BY_KEY:
            _by_key(tx, org(), object_name, to, unknown, is_number=form["is_number"])
        else:
            _all(state, org(), object_name, to, directory, has_deleted=has_deleted)
        with state.transaction() as change:
            change.run("outbound/add_found", {**names, "now": moment}, **form)
    tx.run("outbound/matched_source", names, **form, object=object_name, field=to)


def forget_found(state: OutboundState, object_name: str, before: datetime) -> bool:
    """Forget the keys of the records in `candidates` that were looked up before a moment; tell whether there are any.

    A key may have moved to another record since, or a second record may have it.
    """
    chosen = (
        "FROM ops.found_records WHERE object = $object AND read_at < $before"
        " AND record_id IN (SELECT record_id FROM candidates)"
    )
    with state.transaction() as tx:
        parameters = {"object": object_name, "before": before}
        any_: bool = tx.value(f"SELECT count(*) > 0 {chosen}", parameters)
        tx.execute(f"DELETE {chosen}", parameters)
    return any_


def _by_key(tx: Any, org: SalesforceOrg, object_name: str, field: str, keys: Sequence[str], *, is_number: bool) -> None:
    for some in _lists(keys):
        listed = ", ".join(_soql(key, is_number=is_number) for key in some)
        records = org.query(f"SELECT {_selected(field)} FROM {object_name} WHERE {field} IN ({listed})")
        tx.insert("looked_up", [{"key": str(record[field]), "record_id": record["Id"]} for record in records])


def _selected(field: str) -> str:
    return "Id" if field == "Id" else f"Id, {field}"  # Salesforce refuses a field that is named twice


def _lists(keys: Sequence[str]) -> list[list[str]]:
    """Split keys into lists that fit into a query."""
    lists: list[list[str]] = [[]]
    length = 0
    for key in keys:
        length += len(key) * 3 + 4  # percent-encoded in the address
        if length > _LONGEST_LIST and lists[-1]:
            lists.append([])
            length = len(key) * 3 + 4
        lists[-1].append(key)
    return lists


def _soql(key: str, *, is_number: bool) -> str:
    if is_number:
        return key if re.fullmatch(r"-?\d+(\.\d+)?", key) else "null"
    return "'" + key.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r") + "'"


def _all(
    state: OutboundState, org: SalesforceOrg, object_name: str, field: str, directory: Path, *, has_deleted: bool
) -> None:
    soql = f"SELECT {_selected(field)} FROM {object_name} WHERE {field} != null"
    if has_deleted:
        soql += " AND IsDeleted = false"  # the Bulk API reads the recycle bin too, unlike a query by key
    with queried(org, soql, directory / "keys") as records:
        if records:
            state.scratch().execute(f'INSERT INTO looked_up SELECT {identifier(field)}, "Id" FROM ({records})')
