"""sf-insights outbound: send Insights values to Salesforce."""

import click

from sf_insights.cli.commands.outbound.accepting import accept, reset, retry
from sf_insights.cli.commands.outbound.fields import fields
from sf_insights.cli.commands.outbound.rejects import rejects
from sf_insights.cli.commands.outbound.sending import preview, send
from sf_insights.cli.commands.outbound.status import status
from sf_insights.cli.home_option import home_option, org_option

__all__ = ["outbound"]


@click.group()
def outbound() -> None:
    """Send Insights values to Salesforce, every two hours.

    The block `outbound:` of the settings file says which values go to which fields. Run `preview`, look at what would
    change, and `accept` it. From then on, Dagster sends what differs; `send` does so now. `enabled: false` in the block
    stops it.
    """


for command in (preview, accept, send, status, rejects, retry, reset, fields):
    command.params += [home_option(), org_option()]
    outbound.add_command(command)
