"""sf-insights rejected: values that did not fit their field's type, and repaired texts."""

from pathlib import Path

import click

from sf_insights.cli.console import one_line, print_json, table, terminal
from sf_insights.cli.listing import listing_options
from sf_insights.cli.spreadsheet import write_csv
from sf_insights.settings.environment import Places, environment
from sf_insights.settings.home import shown_path
from sf_insights.warehouse.reading import reading_snapshot
from sf_insights.warehouse.reports import worklists
from sf_insights.warehouse.reports.worklists import REJECTED

_COLUMNS = ("day", "field", "salesforce_account_id", "text", "reason")


@click.command()
@listing_options("values")
def rejected(limit: int, csv_path: Path | None, as_json: bool) -> None:
    """List values that did not fit their field's type, and repaired texts.

    Lists those of the published sync. Analysts see a rejected value as empty on that day. A text with invalid bytes is
    kept, with U+FFFD in their place. The account's other values are not affected.
    """
    places = Places.from_environment(environment())
    with reading_snapshot(places.snapshot) as tx:
        found = worklists.rows(tx, REJECTED)
    rows = [{name: row[name] for name in _COLUMNS} for row in found]
    if as_json:
        print_json(rows)
    elif csv_path:
        write_csv(csv_path, _COLUMNS, [list(row.values()) for row in rows])
        click.echo(f"Wrote {len(rows)} rejected values to {csv_path}.")
    elif not rows:
        click.echo("The published sync rejected no values.")
    else:
        console = terminal()
        shown = table("Field", "Salesforce Account", "Value", "Why")
        for row in rows[:limit]:
            shown.add_row(row["field"], row["salesforce_account_id"], one_line(row["text"], 24), row["reason"])
        console.print(shown)
        console.print(
            f"{min(limit, len(rows)):,} of {len(rows):,} rejected values, from {shown_path(places.snapshot)}."
        )
        console.print("Correct them in Salesforce; the next sync reads them again.")
