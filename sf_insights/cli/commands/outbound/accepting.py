"""sf-insights outbound accept, retry and reset: what a person decides between runs."""

import click

from sf_insights.cli.commands.outbound.showing import configured
from sf_insights.cli.console import next_steps, program, terminal
from sf_insights.domain.wording import counted
from sf_insights.outbound.acceptance import accept_preview, forget_sent, retry_refused
from sf_insights.settings.environment import Places, environment


@click.command()
@click.argument("preview", type=int, required=False)
def accept(preview: int | None) -> None:
    """Accept a preview; from then on, runs write with this mapping.

    PREVIEW is the number that `preview` printed. It is refused if a newer preview found other values. Without it, the
    last preview is accepted, unless there are several that differ.

    A change of the object, the matching, the entries or the SELECT needs a new preview. So does another org.
    """
    places = Places.from_environment(environment())
    _, outbound = configured(places)
    accepted = accept_preview(outbound, places, preview)
    console = terminal()
    if accepted["was_accepted"]:
        console.print(
            "This mapping was accepted before. Nothing changed: each run sends what differs, within the guards."
        )
        next_steps(
            console,
            [
                ("To send now:", f"{program()} outbound send"),
                ("To let one run pass a guard that refused it:", f"{program()} outbound send --accept GUARD"),
            ],
        )
        return
    console.print(
        f"Preview {accepted['run']} is accepted:"
        f" {counted(accepted['to_write'], 'record')} of {outbound.object} will be written by the next run.",
        style="green",
    )
    next_steps(console, [("Dagster starts it when it is due. To send now:", f"{program()} outbound send")])


@click.command()
def retry() -> None:
    """Let the next run send again every value that Salesforce refused.

    A refused value waits until it changes, its field changes, or a day has passed. Use this after you changed a
    validation rule, a flow or the rights of the user.
    """
    count = retry_refused(Places.from_environment(environment()))
    console = terminal()
    console.print(f"{counted(count, 'held value')} will be tried again by the next run.")
    next_steps(console, [("Dagster starts it when it is due. To send now:", f"{program()} outbound send")])


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Forget what was sent, and to which org; for a refreshed sandbox or another org.

    Changes nothing in Salesforce. The next run needs a preview that a person accepts. It compares every record with
    Salesforce, so values that are in place are not written again. The records of past runs stay.
    """
    places = Places.from_environment(environment())
    if not yes:
        click.confirm("Forget which values were sent to Salesforce? Nothing changes there.", abort=True)
    forget_sent(places)
    console = terminal()
    console.print("What was sent is forgotten.")
    next_steps(console, [("See what a send would change now:", f"{program()} outbound preview")])
