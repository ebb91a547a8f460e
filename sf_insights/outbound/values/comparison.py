"""Compare twice: what should be there with what was last sent, then with what Salesforce holds now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sf_insights.outbound.state import OutboundState, add_target_columns, target_columns
from sf_insights.outbound.values.entries import Entry
from sf_insights.outbound.values.source import several_rows
from sf_insights.sql import render
from sf_insights.warehouse.transaction import Transaction

SAMPLES = 10


@dataclass(frozen=True)
class FieldCounts:
    """What happens to the cells of one field."""

    field: str
    filled: int
    changed: int
    cleared: int
    equal: int
    edited: int
    conflict: int
    rejected: int


@dataclass(frozen=True)
class Differences:
    """The numbers of one comparison; records, unless a name says otherwise."""

    records: int
    managed: int
    unmatched: int
    differing: int
    to_write: int
    cleared: int
    changed: int
    left: int
    gone: int
    rejected_cells: int
    fields: tuple[FieldCounts, ...]
    samples: tuple[dict[str, Any], ...]


def find_shared(state: OutboundState) -> None:
    """Find the records of `source` that several accounts stand for, and the number of all records."""
    state.scratch().run("outbound/shared")


def refuse_doubled(state: OutboundState, name: str) -> None:
    """Refuse several rows for one account: it is unclear which one counts.

    Args:
        state: the open file, after `find_shared`: rows of one account have the same record, or none.
        name: the file with the administrator's SELECT.

    Raises:
        ConfigurationProblem: there is such an account.
    """
    if doubled := state.scratch().execute(render("outbound/doubled")):
        raise several_rows(name, doubled[0][0])


def make_desired(state: OutboundState, entries: Sequence[Entry], *, object_name: str, everything: bool) -> None:
    """Create the relations `cells`, `desired` and `problems` in the scratch file, from its relation `source`.

    Records that hold what was last sent are left out, unless `everything` is to be compared with Salesforce.
    """
    with state.transaction() as tx:
        add_target_columns(tx, [entry.target.name for entry in entries])
    state.scratch().run("outbound/desired", {"object": object_name}, entries=entries, everything=everything)


def count_records(state: OutboundState) -> int:
    """Return the number of records that accounts stand for."""
    count: int = state.scratch().value("SELECT records FROM work.main.record_count")
    return count


def forget_refusals(state: OutboundState, *, object_name: str) -> None:
    """Let values that Salesforce refused be sent again, because the mapping is another one."""
    with state.transaction() as tx:
        tx.execute(
            "DELETE FROM outbound.rejects WHERE refused_by = 'Salesforce' AND object = $object", {"object": object_name}
        )


def find_candidates(
    state: OutboundState,
    entries: Sequence[Entry],
    *,
    object_name: str,
    sync: int,
    moment: datetime,
    everything: bool,
) -> int:
    """Fill the temporary table `candidates` with the cells that differ from what was last sent; return their number.

    Cells that were refused, and have not changed since, are left out. With `everything`, all cells are candidates.
    """
    with state.transaction() as tx:
        parameters = {"object": object_name, "now": moment}
        clears_left = any(entry.on_leave == "clear" for entry in entries)
        by_name = {entry.target.name.casefold(): entry for entry in entries}
        leaving = [_leaving(by_name[name.casefold()]) for name in target_columns(tx) if name.casefold() in by_name]
        tx.run("outbound/left_behind", parameters)
        any_left = not tx.is_empty("left_behind")
        tx.run("outbound/leaving", parameters, clears_left=clears_left, leaving_fields=leaving, any_left=any_left)
        _note_links(tx, parameters)
        tx.run("outbound/own_rejects", parameters, entries=entries)
    tx = state.scratch()
    tx.run(
        "outbound/differences",
        {"object": object_name, "now": moment, "sync": sync},
        entries=entries,
        everything=everything,
    )
    count: int = tx.value("SELECT count(*) FROM candidates")
    return count


def _note_links(tx: Transaction, parameters: Mapping[str, object]) -> None:
    """Record which account stands for which record, and which accounts have none."""
    # Sums of hashes tell whether two sets are the same for a fraction of what a join costs.
    summed = "SELECT count(*), sum(hash(account_id, record_id)) FROM"
    [now] = tx.execute(f"{summed} work.main.links")
    of_object = {"object": parameters["object"]}
    [before] = tx.execute(f"{summed} outbound.account_records WHERE object = $object AND left_at IS NULL", of_object)
    if now != before:
        tx.run("outbound/linked", parameters)
        sql = "SELECT count(*) FROM outbound.account_records WHERE object = $object AND left_at IS NULL"
        if tx.value(sql, of_object) > now[0]:
            tx.run("outbound/unlinked", parameters)
    tx.run("outbound/unsent", parameters)


def _leaving(entry: Entry) -> dict[str, object]:
    """Return an entry as leaving.sql needs it, by the present spelling of its field. A checkbox is cleared to false."""
    empty = "false" if entry.target.kind == "checkbox" else ""
    return {"name": entry.target.name, "clears_left": entry.on_leave == "clear", "empty": empty}


def decide(state: OutboundState, entries: Sequence[Entry], *, org_has_currencies: bool) -> None:
    """Fill the temporary table `decisions` from `candidates` and `present`."""
    tx = state.scratch()
    targets = [entry.target for entry in entries]
    tx.run("outbound/decisions", entries=entries, targets=targets, org_has_currencies=org_has_currencies)


def nothing_decided(state: OutboundState) -> None:
    """Create an empty `decisions`, for a run without candidates."""
    state.scratch().run("outbound/no_decisions")


def note_decisions(
    state: OutboundState, *, object_name: str, run: int, sync: int, moment: datetime, entries: Sequence[Entry]
) -> None:
    """Record what needs no write: equal values as ours, edited and foreign-currency ones as held, gone records."""
    parameters = {
        "object": object_name,
        "run": run,
        "sync": sync,
        "now": moment,
        "tomorrow": moment + timedelta(days=1),
        "only_if_empty": [entry.target.name for entry in entries if entry.existing == "only_if_empty"],
    }
    with state.transaction() as tx:
        tx.run(
            "outbound/note_decisions",
            parameters,
            columns=target_columns(tx),
            fingerprints={entry.target.name: entry.fingerprint for entry in entries},
        )


def count_differences(state: OutboundState, entries: Sequence[Entry]) -> Differences:
    """Count what the comparison found."""
    tx = state.scratch()
    counted = tx.records(render("outbound/counts", fields=[entry.target.name for entry in entries]))
    (totals,) = tx.records(render("outbound/totals"))
    samples = tx.records(render("outbound/samples", most=SAMPLES))
    return Differences(
        **totals,
        fields=tuple(FieldCounts(**row) for row in counted),
        samples=tuple(samples),
    )
