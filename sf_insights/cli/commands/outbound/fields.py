"""sf-insights outbound fields: the custom fields to create in Salesforce."""

from dataclasses import asdict

import click

from sf_insights.cli.console import one_line, print_json, table, terminal
from sf_insights.outbound.reports.custom_fields import custom_fields
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import Places, environment


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead, for scripts.")
def fields(as_json: bool) -> None:
    """List the custom fields to create in Salesforce.

    Lists one for each column that can be sent: of insights.accounts, or of the SELECT that `values:` names. Lengths and
    decimal places come from the present values, with room to grow. A column that is mapped has its target's name.
    """
    places = Places.from_environment(environment())
    found = custom_fields(load_configuration(places.configuration).outbound, places)
    if as_json:
        print_json([asdict(field) for field in found])
        return
    console = terminal()
    shown = table("Column", "Field to create", "Type", ">Length")
    shown.columns[1].overflow = "fold"  # a name that is cut off cannot be copied
    for field in found:
        name = f"{field.api_name}\n  {one_line(field.label, 30)}"
        column = f"{field.column}\n  {field.insights_type}{', mapped' if field.is_mapped else ''}"
        shown.add_row(column, name, field.type, field.size)
    console.print(shown)
    console.print("14.2 means 14 digits before the decimal point and 2 after it. Leave the default value blank.")
    console.print("Give the user that writes Edit on each field, and people Read-Only (field-level security).")
