"""sf-insights status: the last syncs, and the snapshot that analysts query."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from sf_insights.cli.console import (
    STATE_STYLES,
    heading,
    next_steps,
    one_line,
    print_json,
    program,
    table,
    terminal,
    ui_condition,
)
from sf_insights.cli.durations import Duration
from sf_insights.dagster_instance.next_sync import Outlook, outlook
from sf_insights.domain.fields.masking import REMEDY, warning
from sf_insights.domain.problems import ConfigurationProblem, LakeProblem, Problem, WarehouseProblem
from sf_insights.domain.wording import counted, since
from sf_insights.settings.environment import Places, environment
from sf_insights.settings.home import shown_path, ui_command
from sf_insights.settings.valid_text import note_valid, noted_daily_time, text_of
from sf_insights.system.clock import now
from sf_insights.warehouse.accounts.matches import match_counts, match_rates
from sf_insights.warehouse.fields.counts import FieldCounts, field_counts
from sf_insights.warehouse.fields.masked_fields import masked_in_last_plan
from sf_insights.warehouse.reading import reading, reading_snapshot
from sf_insights.warehouse.syncs.history import last_syncs
from sf_insights.warehouse.transaction import Transaction

if TYPE_CHECKING:
    from sf_insights.domain.configuration import AccountFieldSync

_SYNCS = 7
_CLOCKS_DIFFER = timedelta(minutes=10)  # allowed between the publishing machine and this one


@click.command()
@click.option("--max-age", type=Duration(), help="Fail if the snapshot is older than this, such as 26h.")
@click.option("--all", "of_all", is_flag=True, help="Show every org of an installation, one line each.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead, for scripts.")
def status(max_age: timedelta | None, of_all: bool, as_json: bool) -> None:
    """Show the last syncs and the published snapshot.

    Shows the age of the snapshot, how accounts matched, paused fields and rejected values. While a sync runs, or if you
    may not write the warehouse, it reads the published snapshot and says so. The exit code is 1 if nothing has been
    synced, the snapshot cannot be opened or the lake is behind; with --all, if one org needs attention.
    """
    if of_all:
        from sf_insights.cli.commands.orgs.every_org import status_of_all

        status_of_all(max_age, as_json=as_json)
        return
    places = Places.from_environment(environment())
    with reading(places, "sf-insights status") as source:
        if source.tx is None and source.running:
            raise WarehouseProblem(f"Nothing has been published yet; {source.running}.", "Wait for it to end.")
        if source.tx is None and source.is_protected:
            raise WarehouseProblem(
                f"Nothing has been published yet, and this user may not write {places.warehouse.name}.",
                "Run this command as the user that syncs.",
            )
        if source.tx is None:
            raise WarehouseProblem("Nothing has been synced yet.", "Run `sf-insights check`, then `sf-insights sync`.")
        syncs = last_syncs(source.tx, _SYNCS, is_held=source.running is not None)
        found = {
            "read_from": source.source,
            "running": source.running,
            "protected": source.is_protected,
            **_status(source.tx, syncs, places, is_warehouse=source.source == "warehouse"),
        }
    found |= _ahead(places, (found["snapshot"] or {}).get("opened_at"))
    if as_json:
        print_json(found)
    else:
        _show(terminal(), found, places)
    if found["snapshot_problem"]:
        raise WarehouseProblem(found["snapshot_problem"])
    if found["lake"] and found["lake"]["problem"] and _is_enabled(places):
        raise LakeProblem("The snapshot is published, and the lake is behind.", found["lake"]["problem"])
    if max_age is not None:
        _refuse_older(found["snapshot"], max_age)


def _refuse_older(snapshot: dict[str, Any] | None, max_age: timedelta) -> None:
    if snapshot is None:
        raise WarehouseProblem("Nothing has been published yet.", "Run `sf-insights sync`.")
    age = now() - snapshot["published_at"]
    if age < -_CLOCKS_DIFFER:
        raise WarehouseProblem(
            f"The snapshot is of {snapshot['synced_on']} and says it was published at "
            f"{snapshot['published_at']:%Y-%m-%d %H:%M} UTC, which is in the future.",
            "This machine's clock is wrong, or was wrong then: correct it, and run `sf-insights publish`.",
        )
    if age > max_age:
        raise WarehouseProblem(
            f"The snapshot is of {snapshot['synced_on']} and was published {_ago(snapshot)}, which is older than "
            "--max-age.",
            f"See why in the last syncs above; `{ui_command()}` runs the daily schedule.",
        )


def _status(tx: Transaction, syncs: list[dict[str, Any]], places: Places, *, is_warehouse: bool) -> dict[str, Any]:
    rates = match_rates(tx, 1)
    published, unreadable = _published(places, tx if is_warehouse else None)
    return {
        "snapshot": published and {"path": str(places.snapshot), **published},
        "snapshot_problem": unreadable and str(unreadable),
        "syncs": syncs,
        "matches": {name: accounts for name, accounts in match_counts(tx).items() if accounts},
        "match_rate": rates[0].rate if rates else None,
        "fields": asdict(field_counts(tx)),
        "paused": tx.records(
            "SELECT field, category, status_since, status_reason FROM insights.fields "
            "WHERE status IN ('paused', 'pending') AND status_reason IS NOT NULL ORDER BY field"
        ),
        "masked": masked_in_last_plan(tx),
        "rejected": tx.records(
            "SELECT field, cells, text AS example, reason FROM ops.rejected_counts "
            "JOIN insights.snapshot USING (sync) ORDER BY field"
        ),
    }


def _ahead(places: Places, opened_at: datetime | None) -> dict[str, Any]:
    """Return when the next sync starts or why it cannot, and what is sent to Salesforce and published in a lake."""
    variables = environment()
    if daily := noted_daily_time(places):
        return {"next_sync": asdict(outlook(daily, places, variables, opened_at)), "outbound": None, "lake": None}
    from sf_insights.settings.configuration_file import load_configuration  # validation takes as long as the rest

    text = text_of(places)
    try:
        configuration = load_configuration(places.configuration)
    except ConfigurationProblem as problem:
        obstacle = Outlook(None, "No sync can start.", problem.what, problem.remedy)
        return {"next_sync": asdict(obstacle), "outbound": None, "lake": None}
    if text is not None and text == text_of(places):
        note_valid(places, text, configuration)
    return {
        "next_sync": asdict(outlook(configuration, places, variables, opened_at)),
        "outbound": _outbound(configuration, places),
        "lake": _lake(configuration, places),
    }


def _outbound(configuration: AccountFieldSync, places: Places) -> str | None:
    """Return one line about what is sent to Salesforce; None if that is not configured."""
    if configuration.outbound is None:
        return None
    from sf_insights.cli.commands.outbound.status import summary

    return summary(configuration, places)


def _lake(configuration: AccountFieldSync, places: Places) -> dict[str, Any] | None:
    """Return where the lake is and what it shows, as its last publication noted; None if there is none to show."""
    if configuration.publish_to is None:
        return None
    from sf_insights.lake.state import read_state
    from sf_insights.lake.target import LakeTarget

    try:
        target = LakeTarget.of(configuration.publish_to, places)
        return {"target": str(target), **asdict(read_state(places.data))}
    except Problem as problem:
        return None if isinstance(problem, ConfigurationProblem) else {"target": None, "problem": str(problem)}


def _is_enabled(places: Places) -> bool:
    from sf_insights.settings.configuration_file import load_configuration

    return load_configuration(places.configuration).enabled


def _published(places: Places, tx: Transaction | None) -> tuple[dict[str, Any] | None, WarehouseProblem | None]:
    """Return the snapshot's facts, or why it cannot be opened; read from the file, since the warehouse may be newer."""
    if not places.snapshot.exists():
        return None, None
    try:
        with reading_snapshot(places.snapshot, tx) as snapshot:
            facts = snapshot.records(
                "SELECT snapshot.*, opened_at FROM insights.snapshot AS snapshot LEFT JOIN ops.sync_runs USING (sync)"
            )
            return facts[0], None
    except WarehouseProblem as problem:
        return None, problem


def _ago(snapshot: dict[str, Any]) -> str:
    return since(snapshot["published_at"], now())


def _show(console: Console, found: dict[str, Any], places: Places) -> None:
    _show_snapshot(console, found, places)
    _show_syncs(console, found["syncs"])
    if found["matches"]:
        _show_matches(console, found["matches"], found["match_rate"])
    console.print(f"\n{FieldCounts(**found['fields'])}.")
    _show_troubles(console, "Paused fields", [_paused(row) for row in found["paused"]])
    _show_troubles(console, "Masked fields", [f"{warning(name, True)} {REMEDY}" for name in found["masked"]])
    _show_troubles(console, "Rejected values", [_rejected(row) for row in found["rejected"]])
    next_steps(console, _steps(found))


def _show_snapshot(console: Console, found: dict[str, Any], places: Places) -> None:
    if found["running"]:
        console.print(f"{found['running']}.", style="cyan")
        console.print("Showing the published snapshot.")
    elif found["protected"]:
        console.print(f"This user may not write {places.warehouse.name}. Showing the published snapshot.")
    snapshot = found["snapshot"]
    if snapshot:
        console.print(f"Snapshot  {shown_path(places.snapshot)}", soft_wrap=True)
        console.print(f"          of {snapshot['synced_on']}, published {_ago(snapshot)}")
    elif not found["snapshot_problem"]:
        console.print("Nothing has been published yet.", style="yellow")
    if found["lake"]:
        _show_lake(console, found["lake"])
    ahead = Outlook(**found["next_sync"])
    console.print(str(ahead), style="yellow" if ahead.obstacle else None)
    if found["outbound"]:
        console.print(found["outbound"])


def _show_lake(console: Console, lake: dict[str, Any]) -> None:
    if lake["target"]:
        console.print(f"Lake      {lake['target']}", soft_wrap=True)
        if lake["published_at"]:
            console.print(f"          of {lake['day']}, published {_ago(lake)}")
        elif not lake["problem"]:
            console.print("          nothing has been published there yet", style="yellow")
    if lake["problem"]:
        console.print(f"          not published since: {lake['problem']}", style="yellow", soft_wrap=True)


def _show_syncs(console: Console, syncs: list[dict[str, Any]]) -> None:
    heading(console, "Last syncs")
    shown = table(">Sync", "Day", "State", ">Took", ">Matched", "Note")
    for row in syncs:
        shown.add_row(
            str(row["sync"]),
            str(row["day"]),
            row["state"],
            f"{row['seconds']:,.0f} s" if row["seconds"] is not None else "–",
            f"{row['matched_accounts']:,}" if row["matched_accounts"] is not None else "–",
            _note(row),
            style=None if row["state"] == "complete" else STATE_STYLES.get(row["state"]),
        )
    console.print(shown)


def _show_matches(console: Console, matches: dict[str, int], rate: float) -> None:
    heading(console, "Insights accounts by match status")
    total = sum(matches.values())
    shown = table(">Accounts", ">Share", "Status")
    for name, count in matches.items():
        shown.add_row(f"{count:,}", f"{count / total:.1%}", name)
    console.print(shown)
    console.print(f"{rate:.0%} of the accounts with a CRM Account ID are matched.")


def _show_troubles(console: Console, title: str, lines: list[str]) -> None:
    if lines:
        heading(console, title)
        for line in lines:
            console.print(f"  {line}", style="yellow")


def _paused(row: dict[str, Any]) -> str:
    return f"{row['field']} since {row['status_since']}: {row['status_reason']}"


def _rejected(row: dict[str, Any]) -> str:
    cells = counted(row["cells"], "value")
    return f"{row['field']}: {cells}, such as {one_line(row['example'], 30)!r}: {one_line(row['reason'], 90)}"


def _note(row: dict[str, Any]) -> str:
    if row["reason"]:
        return one_line(("not published: " if row["state"] == "complete" else "") + row["reason"], 160)
    notes = [f"accepted {', '.join(row['accepted'])}"] if row["accepted"] else []
    if row["downgrade_reason"]:
        notes.append("read through REST because the Bulk API was refused")
    if row["salesforce_read_at"] and row["salesforce_read_at"] < row["opened_at"]:
        notes.append(f"values read at {row['salesforce_read_at']:%H:%M} UTC by an earlier run")
    if row["state"] == "complete" and not row["published_at"]:
        notes.append("not published")
    return "; ".join(notes)


def _steps(found: dict[str, Any]) -> list[tuple[str, str]]:
    last = found["syncs"][0] if found["syncs"] else None
    if last and last["state"] in ("failed", "died"):
        return [
            ("Check that the cause is fixed, and sync again:", f"{program()} check && {program()} sync"),
            (f"Read the log of run {last['run_id']} in Dagster's UI{ui_condition()}:", ui_command()),
        ]
    return [("List all fields with their status and labels:", f"{program()} fields")]
