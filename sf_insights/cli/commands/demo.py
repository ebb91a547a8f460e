"""sf-insights demo: sync the built-in demo org twice and show the results."""

import os
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import click
from rich.console import Console

from sf_insights.cli import demo_home
from sf_insights.cli.commands.outbound import demo as demo_outbound
from sf_insights.cli.commands.sync import relabelling, run
from sf_insights.cli.console import heading, next_steps, one_line, program, table, terminal
from sf_insights.demo.process import DemoOrg
from sf_insights.domain.wording import counted
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import today
from sf_insights.settings.home import runs_from_checkout, shown_path, ui_command
from sf_insights.warehouse.reading import reading_snapshot
from sf_insights.warehouse.transaction import Transaction

_SAMPLE = 5
_SAMPLE_OF_REASON = 2


@click.command()
def demo() -> None:
    """Sync an invented org twice, send values back, and show the results.

    The first sync is yesterday's, the second today's, with a night of changes between. Then values of Insights go into
    custom fields of the org. No accounts or credentials are
    needed: the org runs on this machine, and its data stays apart from yours. Your own variables and configuration are
    not read.
    """
    console = terminal()
    with demo_home.held("demo"):
        demo_home.clear()
        demo_home.ensure_configuration()
        with ExitStack() as running:
            with console.status("starting the demo org"):
                org = running.enter_context(DemoOrg.started(demo_home.ORG))
            _sync_two_days(console, org)
            with reading_snapshot(demo_home.PLACES.snapshot) as tx:
                _show(console, tx)
            demo_outbound.show(console, org)
        snapshot = demo_home.PLACES.snapshot
        heading(console, "The published database")
        console.print(f"  {snapshot}", soft_wrap=True)
        next_steps(console, _steps(snapshot))


def _sync_two_days(console: Console, org: DemoOrg) -> None:
    org.reset()
    demo_home.use_only(org)
    zone = load_configuration(demo_home.PLACES.configuration).zone
    this_day = today({}, zone)
    yesterday = this_day - timedelta(days=1)
    console.print(f"An invented Salesforce org of {org.state()['accounts']:,} accounts and a Zuora tenant are running.")
    _sync(console, f"Yesterday, {yesterday}", str(yesterday))
    passed = org.pass_day()
    heading(console, "Overnight")
    in_salesforce = ", ".join(f"{passed[name]} {name}" for name in ("updated", "added", "deleted", "merged"))
    in_zuora = ", ".join(f"{passed[f'zuora_{name}']} {name}" for name in ("added", "removed", "relinked"))
    console.print(f"  Salesforce accounts: {in_salesforce}")
    console.print(f"  Zuora accounts: {in_zuora}")
    _sync(console, f"Today, {this_day}", str(this_day))


def _sync(console: Console, title: str, day: str) -> None:
    os.environ["SF_INSIGHTS_TODAY"] = day
    heading(console, title)
    run()


def _show(console: Console, tx: Transaction) -> None:
    heading(console, "How Insights accounts matched")
    shown = table(">Accounts", "Status", "For example")
    for row in tx.execute(
        "SELECT count(*), match_status, arg_min(match_reason, (length(match_reason), account_id)) "
        "FROM insights.matched_accounts GROUP BY match_status ORDER BY count(*) DESC"
    ):
        shown.add_row(f"{row[0]:,}", row[1], one_line(row[2]))
    console.print(shown)

    heading(console, "Fields and their default labels")
    shown = table("Field", "As", "Label")
    for row in tx.execute(
        "SELECT field, category, label FROM insights.fields JOIN insights.field_labels USING (field) ORDER BY 2, 1"
    ):
        shown.add_row(*row)
    console.print(shown)

    _show_attributes(console, tx)
    _show_metrics(console, tx)


def _show_attributes(console: Console, tx: Transaction) -> None:
    changes = tx.records(
        "SELECT account_name, label, old_value, new_value, reason FROM insights.attribute_changes "
        "JOIN insights.field_labels USING (field) "
        "WHERE reason != 'first_match' "
        "ORDER BY reason DESC, old_value IS NULL OR new_value IS NULL, length(old_value || new_value), account_name"
    )
    heading(console, f"Attributes: {counted(len(changes), 'value')} changed overnight")
    shown = table("Account", "Attribute", "Yesterday", "Today", "Because")
    by_reason: dict[str, int] = {}
    for row in changes:
        by_reason[row["reason"]] = by_reason.get(row["reason"], 0) + 1
        if by_reason[row["reason"]] <= _SAMPLE_OF_REASON:
            shown.add_row(
                one_line(row["account_name"], 16),
                one_line(row["label"], 17),
                one_line(row["old_value"], 13),
                one_line(row["new_value"], 13),
                row["reason"],
            )
    console.print(shown)


def _show_metrics(console: Console, tx: Transaction) -> None:
    rows = tx.records(
        "SELECT account_name, label, list(value ORDER BY date) AS points FROM insights.account_metrics "
        "JOIN insights.field_labels ON field = metric "
        "GROUP BY ALL HAVING len(points) = 2 ORDER BY points[1] = points[2], account_name, label LIMIT $sample",
        {"sample": _SAMPLE},
    )
    points, changed = tx.execute(
        "SELECT (SELECT count(*) FROM insights.account_metrics), (SELECT count(*) FROM insights.metric_changes)"
    )[0]
    heading(console, f"Metrics: {points:,} daily values, {changed:,} changed overnight")
    shown = table("Account", "Metric", ">Yesterday", ">Today")
    for row in rows:
        account, label = one_line(row["account_name"], 24), one_line(row["label"], 22)
        shown.add_row(account, label, *(one_line(point) for point in row["points"]))
    console.print(shown)


def _steps(snapshot: Path) -> list[tuple[str, str]]:
    database = shown_path(snapshot)
    query = "FROM insights.accounts LIMIT 5"
    with_demo_data = f"SF_INSIGHTS_DATA_DIR={shown_path(demo_home.DATA)}"
    return [
        (
            "Query it from Python or the DuckDB shell:",
            f'{program("python")} -c "import duckdb; '
            f"duckdb.connect('{database}', read_only=True).sql('{query}').show()\"",
        ),
        ("", f"{program('duckdb')} -readonly {database}"),
        ("See the runs in Dagster's UI:", ui_command() if runs_from_checkout() else f"{program()} ui"),
        (
            "Change the label that people see for a field:",
            f"{with_demo_data} {relabelling('SLA__c', 'Support level')}",
        ),
        ("Serve this org to try the other commands:", f"{program()} org"),
        _own_org(),
    ]


def _own_org() -> tuple[str, str]:
    if runs_from_checkout():
        return "Connect your own org as README.md describes, then check the connection:", f"{program()} check"
    return "Make a home for your own org, and follow the steps it prints:", f"{program()} init insights"
