"""sf-insights outbound preview and send: run the outbound job now, in this process."""

from collections.abc import Sequence
from typing import Any, Literal

import click
from rich.console import Console

from sf_insights import runs
from sf_insights.cli.commands.outbound.showing import configured, show_fields, show_held, show_samples, show_unsent
from sf_insights.cli.console import next_steps, program, terminal, ui_condition
from sf_insights.cli.failures import fail
from sf_insights.cli.progress import RunProgress
from sf_insights.domain.outbound.guards import GUARDS
from sf_insights.domain.outbound.limits import calls_to_write
from sf_insights.domain.wording import counted
from sf_insights.outbound.reading import reading_outbound
from sf_insights.outbound.reports import status
from sf_insights.outbound.values.source import select_text
from sf_insights.settings.environment import Places, environment
from sf_insights.settings.home import ui_command
from sf_insights.warehouse.transaction import Transaction

Mode = Literal["send", "preview", "verify"]


@click.command()
def preview() -> None:
    """Show what a send would change; writes nothing.

    Works out what each record should hold, reads what Salesforce holds, and shows the difference: numbers per field,
    up to ten values of each, old and new, the accounts without a record, and what the send costs. A preview of a new
    or changed mapping must be accepted before anything is written.
    """
    places = Places.from_environment(environment())
    _, outbound = configured(places)
    run("preview")
    console = terminal()
    with reading_outbound(places) as tx:
        last = status.last_runs(tx, 1)[0]
        console.print()
        console.print(f"Preview {last['run']}: {_would(last, outbound.object)}", style="bold")
        _show(console, tx, last)
        is_accepted = status.acceptance(tx, outbound, select_text(outbound, places.configuration)) == "accepted"
    if is_accepted:
        next_steps(console, [("This mapping is accepted. Send it now:", f"{program()} outbound send")])
    else:
        next_steps(
            console,
            [
                (
                    "If that is right, accept it; then Dagster sends it by itself:",
                    f"{program()} outbound accept {last['run']}",
                ),
                ("", f"{program()} outbound send"),
            ],
        )


def _would(last: dict[str, Any], object_name: str) -> str:
    records = counted(last["records"], "record")
    if not last["to_write"]:
        held = counted(last["rejected"] or 0, "value")
        back = f"; {held} cannot be sent" if last["rejected"] else ""
        return f"{records} of {object_name} have values to send, and nothing differs from Salesforce{back}."
    calls = counted(calls_to_write(last["to_write"]), "API call")
    return f"{last['to_write']:,} of {records} of {object_name} would be written, in about {calls}."


@click.command()
@click.option(
    "--accept",
    type=click.Choice(GUARDS),
    multiple=True,
    help="Accept, for this run only, what a guard refused in the last run. Can be given several times.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Write at most so many records.")
@click.option("--verify", is_flag=True, help="Compare every record with Salesforce first, not only what changed here.")
def send(accept: tuple[str, ...], limit: int | None, verify: bool) -> None:
    """Write what differs to Salesforce now.

    Runs the same job as the schedule, in this process; its log is in Dagster's UI (`sf-insights ui`). Writes only
    values that changed since they were last sent and that Salesforce does not hold. Refused unless a person has
    accepted the preview of the mapping.
    """
    places = Places.from_environment(environment())
    configured(places)
    run("verify" if verify else "send", accept, limit, places)
    console = terminal()
    with reading_outbound(places) as tx:
        last = status.last_runs(tx, 1)[0]
        console.print()
        console.print(
            f"{counted(last['written'] or 0, 'record')} written, in {counted(last['api_calls'], 'API call')}.",
            style="bold",
        )
        if last["written"]:
            show_fields(console, "What was sent", status.run_fields(tx, last["run"]))
        show_held(console, status.held_values(tx))
    next_steps(
        console,
        [
            ("See the last runs, and when the next one is due:", f"{program()} outbound status"),
            ("List the values that are held back:", f"{program()} outbound rejects"),
        ],
    )


def run(mode: Mode, accept: Sequence[str] = (), limit: int | None = None, places: Places | None = None) -> None:
    """Run the job and show its progress; end the command if it fails."""
    with RunProgress() as progress:
        outcome = runs.run_outbound(mode, accept=accept, limit=limit, on_news=progress)
    if outcome.success:
        return
    written, goes_on = 0, ""
    if places is not None and places.published_outbound.exists():
        with reading_outbound(places) as tx:
            [last] = status.last_runs(tx, 1)
        if last["run_id"] == outcome.run_id:
            written = last["written"] or 0
            refused = "Dagster sends no more until you run `sf-insights outbound send`."
            goes_on = refused if last["state"] == "refused" else "The next run sends the rest."
    fail(
        outcome.reason or "The run failed without giving a reason.",
        f"{counted(written, 'record')} had been written. {goes_on}" if written else "Nothing was written.",
        f"The log is in Dagster: `{ui_command()}`{ui_condition()}, run {outcome.run_id}.",
    )


def _show(console: Console, tx: Transaction, last: dict[str, Any]) -> None:
    show_fields(console, "Values by field", status.run_fields(tx, last["run"]))
    show_samples(console, status.samples(tx, last["run"]))
    show_held(console, status.held_values(tx))
    show_unsent(console, status.unsent_accounts(tx))
