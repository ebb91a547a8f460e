"""The demo's round to Salesforce: preview, accept, send, and what the org holds afterwards."""

from typing import Any

from rich.console import Console

from sf_insights.cli import demo_home
from sf_insights.cli.commands.outbound.sending import run
from sf_insights.cli.commands.outbound.showing import configured, show_fields, shown_value
from sf_insights.cli.console import heading, one_line, table
from sf_insights.demo.process import DemoOrg
from sf_insights.domain.wording import counted
from sf_insights.outbound.acceptance import accept_preview
from sf_insights.outbound.reading import reading_outbound
from sf_insights.outbound.reports import status

_SAMPLE = 5


def show(console: Console, org: DemoOrg) -> None:
    """Send the values of the demo's settings, and print each step."""
    places = demo_home.PLACES
    _, outbound = configured(places)
    heading(console, "Back to Salesforce: the preview, which writes nothing")
    run("preview")
    with reading_outbound(places) as tx:
        found = status.facts(tx)
    show_fields(console, f"It would write {found['run']['to_write']:,} records", found["fields"])
    accept_preview(outbound, places, found["run"]["run"])
    heading(console, "The preview is accepted, and the values are sent")
    run("send", places=places)
    targets = [entry.to for entry in outbound.fields]
    _show_held(console, targets, [row for row in org.accounts() if not row["IsDeleted"]])


def _show_held(console: Console, targets: list[str], rows: list[dict[str, Any]]) -> None:
    filled = [row for row in rows if any(row[name] for name in targets)]
    heading(console, f"What Salesforce holds now: {counted(len(filled), 'Account')} with values")
    shown = table("Account", *targets)
    for row in sorted(filled, key=_interest)[:_SAMPLE]:
        shown.add_row(one_line(row["Name"], 16), *(_text(row[name]) for name in targets))
    console.print(shown)


def _interest(row: dict[str, Any]) -> tuple[float, float, str]:
    """Sort Accounts with a trend first, then those that several Insights accounts share."""
    return -abs(row["Insights_Trend__c"] or 0), -(row["Insights_Accounts__c"] or 0), row["Name"]


def _text(value: Any) -> str:
    return f"{value:,g}" if isinstance(value, float) else shown_value(value)
