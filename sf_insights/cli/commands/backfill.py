"""sf-insights backfill: fill the days without a sync from Salesforce's field history."""

from collections import defaultdict
from datetime import datetime
from typing import Any

import click
from rich.console import Console

from sf_insights import runs
from sf_insights.cli.commands.sync import end_when_failed
from sf_insights.cli.console import heading, next_steps, program, table, terminal
from sf_insights.cli.progress import RunProgress
from sf_insights.dagster_instance.run_news import News
from sf_insights.domain.history.days import KEPT_MONTHS, oldest_kept
from sf_insights.domain.history.reasons import OF_FIELDS, REASONS, refusals
from sf_insights.domain.wording import counted
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import Places, environment, today

_STEP = "insights__account_history"


@click.command()
@click.argument("fields", nargs=-1, metavar="[FIELD]...")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The first day to fill. Default: as far back as Salesforce keeps history.",
)
@click.option("--dry-run", "is_dry", is_flag=True, help="Say what would be filled, and change nothing.")
def backfill(fields: tuple[str, ...], since: datetime | None, is_dry: bool) -> None:
    """Fill days before the first sync, and missed days, from Salesforce.

    Reads AccountHistory once, which Salesforce keeps of fields with Field History Tracking, and walks back from the
    values of the last sync. What syncs saw never changes; rows that come from history say so in their column `source`.
    Without FIELD, every selected field is filled.
    """
    variables = environment()
    places = Places.from_environment(variables)
    configuration = load_configuration(places.configuration)
    first = since.date() if since else None
    now = today(variables, configuration.zone)
    if first and first > now:
        raise click.BadParameter(f"{first} is in the future: give a day that has passed.", param_hint="--since")
    console = terminal()
    if first and first < oldest_kept(now):
        console.print(
            f"Salesforce keeps history for {KEPT_MONTHS} months, so the first day is {oldest_kept(now)}, not {first}.",
            style="yellow",
            soft_wrap=True,
        )
    found: dict[str, Any] = {}
    with RunProgress() as progress:

        def on_news(news: News) -> None:
            if news.step == _STEP and news.kind == "made":
                found.update(news.facts)
            progress(news)

        outcome = runs.run_backfill(fields, first, is_dry=is_dry, on_news=on_news)
    end_when_failed(outcome)
    _summarize(console, found, is_dry)
    if is_dry:
        asked = [*fields, *(["--since", str(first)] if first else [])]
        next_steps(console, [("Fill them:", " ".join([program(), "backfill", *asked]))])


def _summarize(console: Console, found: dict[str, Any], is_dry: bool) -> None:
    console.print()
    would = "would be " if is_dry else ""
    for name, days in found["days"].items():
        begin = next((row for row in found["gaps"] if row[0] == name and row[1] in OF_FIELDS), None)
        why = f"; before {begin[3]}, {REASONS[begin[1]]}" if begin else ""
        console.print(f"{name}: {counted(days, 'day')} {would}filled{why}", soft_wrap=True)
    console.print(
        f"{counted(found['points'], 'point')} of metrics and {counted(found['changes'], 'change')} {would}written",
        soft_wrap=True,
    )
    for line in refusals(found["refused"]):
        console.print(line, style="yellow", soft_wrap=True)
    counts: dict[str, int] = defaultdict(int)
    for _, reason, accounts, _ in found["gaps"]:
        if reason not in OF_FIELDS:
            counts[reason] += accounts
    if counts:
        heading(console, "Histories that end later than their field's")
        shown = table("Values", "Why")
        for reason in REASONS:
            if reason in counts:
                shown.add_row(f"{counts[reason]:,}", REASONS[reason])
        console.print(shown)
