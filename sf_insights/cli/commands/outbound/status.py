"""sf-insights outbound status: the last runs, what waits for a person, and what is held back."""

from dataclasses import asdict
from typing import Any

import click
from rich.console import Console

from sf_insights.cli.commands.outbound.showing import configured, show_held, show_unsent
from sf_insights.cli.console import STATE_STYLES, heading, next_steps, one_line, print_json, program, table, terminal
from sf_insights.dagster_instance.next_outbound import outbound_outlook
from sf_insights.domain.configuration import AccountFieldSync
from sf_insights.domain.problems import Problem
from sf_insights.domain.wording import counted
from sf_insights.outbound.reading import reading_outbound
from sf_insights.outbound.reports import status as found_in
from sf_insights.outbound.state import OutboundState
from sf_insights.outbound.values.source import select_text
from sf_insights.outbound.waiting import reason_to_wait
from sf_insights.settings.environment import Places, environment

_RUNS = 7
_LEFT = 5
_ACCEPTANCES = {
    "accepted": "accepted",
    "waiting": "waits for a person to accept the last preview",
    "not previewed": "needs a preview that a person accepts",
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead, for scripts.")
def status(as_json: bool) -> None:
    """Show the last runs, what waits, and what is held back.

    Shows whether the mapping is accepted, when the next run is due, paused fields, values that are held back, and
    records that keep values although no account stands for them any more.
    """
    variables = environment()
    places = Places.from_environment(variables)
    configuration, outbound = configured(places)
    ahead = outbound_outlook(configuration, variables, reason_to_wait(outbound, places))
    with reading_outbound(places) as tx:
        left, some = found_in.left_behind(tx, _LEFT)
        found = {
            "object": outbound.object,
            "fields": [entry.to for entry in outbound.fields],
            "acceptance": found_in.acceptance(tx, outbound, select_text(outbound, places.configuration)),
            "accepted_at": found_in.accepted_at(tx),
            "running": OutboundState.of(places).holder(),
            "next_run": ahead and asdict(ahead),
            "runs": found_in.last_runs(tx, _RUNS),
            "paused": found_in.paused_fields(tx, outbound.object),
            "held": found_in.held_values(tx),
            "unsent_accounts": found_in.unsent_accounts(tx),
            "left_behind": {"records": left, "examples": some},
        }
    if as_json:
        print_json(found)
    else:
        _show(terminal(), found, str(ahead))


def summary(configuration: AccountFieldSync, places: Places) -> str | None:
    """Return one line about the outbound side for `sf-insights status`; None if it is not configured."""
    outbound = configuration.outbound
    if outbound is None:
        return None
    if not outbound.enabled:
        return "To Salesforce: switched off."
    try:
        with reading_outbound(places) as tx:
            said = _ACCEPTANCES[found_in.acceptance(tx, outbound, select_text(outbound, places.configuration))]
            runs = [run for run in found_in.last_runs(tx, _RUNS) if run["state"] not in ("preview", "running")]
            held = sum(row["cells"] for row in found_in.held_values(tx))
    except Problem as problem:
        return f"To Salesforce: {problem}"
    last = f"; last run {runs[0]['state']}, {runs[0]['started_at']:%Y-%m-%d %H:%M} UTC" if runs else ""
    also = f"; {counted(held, 'value')} held back" if held else ""
    return f"To Salesforce: the mapping {_verb(said)}{last}{also}."


def _verb(said: str) -> str:
    return f"is {said}" if said == "accepted" else said


def _show(console: Console, found: dict[str, Any], ahead: str) -> None:
    if found["running"]:
        console.print(f"A run is under way: {found['running']}.", style="cyan")
    said = _verb(_ACCEPTANCES[found["acceptance"]])
    fields = counted(len(found["fields"]), "field")
    is_accepted = found["acceptance"] == "accepted"
    console.print(f"{fields} of {found['object']}; the mapping {said}.", style=None if is_accepted else "yellow")
    console.print(ahead)
    _show_runs(console, found["runs"])
    if found["paused"]:
        heading(console, "Paused fields")
        for row in found["paused"]:
            console.print(f"  {row['field']} since {row['since']:%Y-%m-%d}: {row['reason']}", style="yellow")
    show_held(console, found["held"])
    show_unsent(console, found["unsent_accounts"])
    _show_left(console, found["left_behind"])
    next_steps(console, _steps(found))


def _show_runs(console: Console, runs: list[dict[str, Any]]) -> None:
    heading(console, "Last runs")
    shown = table(">Run", "Began (UTC)", "State", ">Written", ">Calls", "Note")
    for row in runs:
        shown.add_row(
            str(row["run"]),
            f"{row['started_at']:%m-%d %H:%M}",
            row["state"],
            f"{row['written']:,}" if row["written"] is not None else "–",
            f"{row['api_calls']:,}" if row["api_calls"] is not None else "–",
            _note(row),
            style=None if row["state"] == "complete" else STATE_STYLES.get(row["state"]),
        )
    console.print(shown)


def _note(row: dict[str, Any]) -> str:
    if row["reason"]:
        return one_line(row["reason"], 200)
    notes = [f"{counted(row['to_write'], 'record')} to write"] if row["state"] == "preview" else []
    notes += [f"accepted {', '.join(row['accepted'])}"] if row["accepted"] else []
    notes += ["compared every record"] if row["is_verification"] else []
    return "; ".join(notes)


def _show_left(console: Console, left: dict[str, Any]) -> None:
    if not left["records"]:
        return
    heading(console, f"{counted(left['records'], 'record')} left behind")
    console.print("  They keep the values that were sent, and no account stands for them any more.")
    for row in left["examples"]:
        console.print(f"  {row['record_id']}: {', '.join(row['fields'])}")


def _steps(found: dict[str, Any]) -> list[tuple[str, str]]:
    if found["acceptance"] == "waiting":
        return [("Accept the last preview, if it is right:", f"{program()} outbound accept")]
    if found["acceptance"] == "not previewed":
        return [("See what a send would change:", f"{program()} outbound preview")]
    steps = [("Send now, without waiting for the schedule:", f"{program()} outbound send")]
    if found["held"]:
        steps.append(("List every value that is held back:", f"{program()} outbound rejects"))
    return steps
