"""sf-insights outbound rejects: values that their field cannot hold, or that Salesforce refused."""

from pathlib import Path

import click

from sf_insights.cli.commands.outbound.showing import shown_value
from sf_insights.cli.console import next_steps, one_line, print_json, program, table, terminal
from sf_insights.cli.listing import listing_options
from sf_insights.cli.spreadsheet import write_csv
from sf_insights.outbound.reading import reading_outbound
from sf_insights.outbound.reports.status import REJECT_COLUMNS, count_rejects
from sf_insights.outbound.reports.status import rejects as rejected_values
from sf_insights.settings.environment import Places, environment
from sf_insights.settings.home import shown_path


@click.command()
@listing_options("values")
def rejects(limit: int, csv_path: Path | None, as_json: bool) -> None:
    """List values that are held back, and why.

    These are values that their field cannot hold, several accounts of one record that disagree, values that Salesforce
    refused, and values that a person edited there. The other values of the record are sent.
    """
    places = Places.from_environment(environment())
    with reading_outbound(places) as tx:
        count, rows = count_rejects(tx), rejected_values(tx, None if as_json or csv_path else limit)
    if as_json:
        print_json(rows)
    elif csv_path:
        write_csv(csv_path, REJECT_COLUMNS, [list(row.values()) for row in rows])
        click.echo(f"Wrote {len(rows)} held values to {csv_path}.")
    elif not rows:
        click.echo("No values are held back.")
    else:
        console = terminal()
        shown = table("Record", "Field", "Value", "Why")
        for row in rows:
            why = f"{row['class']}: {one_line(row['message'], 160)}"
            shown.add_row(row["record_id"], row["field"], shown_value(row["value"]), why)
        console.print(shown)
        console.print(f"{len(rows):,} of {count:,} held values, from {shown_path(places.published_outbound)}.")
        next_steps(
            console,
            [
                (
                    "A value that changes is sent by itself. For a cause that you fixed in Salesforce:",
                    f"{program()} outbound retry",
                )
            ],
        )
