"""sf-insights sync: run the daily job now, in this process."""

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import click
from rich.console import Console

from sf_insights import runs
from sf_insights.cli.console import heading, next_steps, one_line, program, table, terminal, ui_condition
from sf_insights.cli.failures import fail
from sf_insights.cli.progress import RunProgress
from sf_insights.domain.configuration import retry_duration
from sf_insights.domain.fields.statuses import VISIBLE
from sf_insights.domain.wording import counted
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import Places, environment
from sf_insights.settings.home import found_home, shown_path, ui_command
from sf_insights.warehouse.fields.counts import field_counts
from sf_insights.warehouse.model.changes import changes_of
from sf_insights.warehouse.reading import reading_snapshot
from sf_insights.warehouse.syncs.syncs import GUARDS
from sf_insights.warehouse.transaction import Transaction


class RetryFor(click.ParamType[str]):
    """A duration in the form of the configuration file's `retry_for`, kept as text."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            retry_duration(value)
        except ValueError as error:
            self.fail(f"It {error}.", param, ctx)
        return str(value)


@click.command()
@click.option(
    "--accept",
    type=click.Choice(GUARDS),
    multiple=True,
    help="Accept, for this run only, what a guard refused in the last run. Can be given several times.",
)
@click.option(
    "--retry-for",
    type=RetryFor(),
    help="How long to retry while Salesforce or Zuora is unavailable, such as 90s or 2h. Default: "
    f"{runs.RETRY_FOR_A_PERSON} on a terminal, otherwise `retry_for` of the configuration file.",
)
def sync(accept: tuple[str, ...], retry_for: str | None) -> None:
    """Read Salesforce and Insights accounts, publish today's snapshot.

    Runs the same job as the daily schedule, in this process; its log is in Dagster's UI (`sf-insights ui`). The exit
    code is 0 only if the snapshot was published; otherwise the last snapshot stays unchanged.
    """
    variables = environment()
    places = Places.from_environment(variables)
    if not load_configuration(places.configuration).enabled:
        fail(
            f"The synchronization is switched off: {places.configuration.name} says `enabled: false`.",
            f"Set `enabled: true` in {shown_path(places.configuration)} to switch it on{_resuming(variables)}. Nothing "
            "was changed.",
        )
    run(accept, retry_for)
    console = terminal()
    with reading_snapshot(places.snapshot) as tx:
        summarize(console, tx, places)


def run(accept: Sequence[str] = (), retry_for: str | None = None) -> None:
    """Run the job and show its progress; end the command if it fails."""
    if retry_for is None and sys.stdout.isatty():
        retry_for = runs.RETRY_FOR_A_PERSON
    with RunProgress() as progress:
        outcome = runs.run_sync(accept, on_news=progress, retry_for=retry_for)
    end_when_failed(outcome)


def end_when_failed(outcome: runs.Outcome, *more: str) -> None:
    """End the command if the run failed, saying why and where its log is; `more` if nothing was published either."""
    if not outcome.success:
        explained = () if outcome.is_published else more
        published = "" if outcome.is_published else "Nothing was published. "
        fail(
            outcome.reason or "The run failed without giving a reason.",
            *explained,
            f"{published}The log is in Dagster: `{ui_command()}`{ui_condition()}, run {outcome.run_id}.",
        )


def summarize(console: Console, tx: Transaction, places: Places) -> None:
    """Summarize the published sync, and say what to do next."""
    [last] = tx.records("SELECT runs.* FROM ops.sync_runs AS runs JOIN insights.snapshot USING (sync)")
    before = tx.value(
        "SELECT max(day) FROM ops.sync_runs WHERE state = 'complete' AND day < $day", {"day": last["day"]}
    )
    runs_of_day = tx.value(
        "SELECT count(*) FROM ops.sync_runs WHERE state = 'complete' AND day = $day", {"day": last["day"]}
    )
    changed = changes_of(tx, last["day"]).values
    rejected = tx.records(
        "SELECT field, cells, reason FROM ops.rejected_counts WHERE sync = $sync ORDER BY cells DESC, field",
        {"sync": last["sync"]},
    )
    paused = tx.records(
        "SELECT field, status_reason FROM insights.fields "
        "WHERE status IN ('paused', 'pending') AND status_reason IS NOT NULL ORDER BY field"
    )

    console.print()
    lines = [
        ("Day", str(last["day"])),
        ("Matched", f"{last['matched_accounts']:,} of {counted(last['zuora_accounts'], 'Insights account')}"),
        ("Fields", str(field_counts(tx))),
        ("Values", _values(changed, before, runs_of_day)),
        ("Snapshot", shown_path(places.snapshot)),
    ]
    for name, text in lines:
        console.print(f"{name:<10}{text}", soft_wrap=True)
    for row in paused:
        console.print(f"Paused    {row['field']}: {row['status_reason']}", style="yellow")
    for row in rejected:
        cells = counted(row["cells"], "value")
        console.print(f"Rejected  {cells} of {row['field']}: {one_line(row['reason'], 100)}", style="yellow")
    _show_default_labels(console, tx)


def _values(changed: int, before: date | None, runs_of_day: int) -> str:
    if before:
        return f"{changed:,} changed since {before}; a new field's first values do not count"
    if runs_of_day > 1:
        return "all new: the first day was synced again"
    return "all new: this was the first sync"


def _show_default_labels(console: Console, tx: Transaction) -> None:
    """List the fields that still have their default label, and how to change it."""
    unlabelled = tx.records(
        "SELECT field, label, default_label FROM insights.field_labels JOIN insights.fields USING (field) "
        "WHERE label_source = 'default' AND status = ANY($visible) ORDER BY field",
        {"visible": VISIBLE},
    )
    steps = [("See how accounts matched:", f"{program()} status")]
    if unlabelled:
        heading(console, f"{counted(len(unlabelled), 'field')} still with the default label")
        shown = table("Field", "Label")
        for row in unlabelled:
            shown.add_row(row["field"], row["label"])
        console.print(shown)
        steps.insert(0, ("Change the label that people see for a field:", relabelling(unlabelled[0]["field"])))
    next_steps(console, steps)


def relabelling(field: str, text: str = "Your label") -> str:
    """Return the command that changes a field's label."""
    return f'{program()} label {field} "{text}"'


def _resuming(variables: Mapping[str, str]) -> str:
    home = found_home(variables)
    return f", or run `{program()} orgs resume {home.org}`" if home and home.org else ""
