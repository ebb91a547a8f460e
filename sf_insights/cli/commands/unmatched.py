"""sf-insights unmatched: Insights accounts without a match, why, and likely candidates."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from sf_insights.cli.console import next_steps, one_line, print_json, program, table, terminal
from sf_insights.cli.listing import listing_options
from sf_insights.cli.spreadsheet import write_csv
from sf_insights.domain.accounts.likeness import MOST_CANDIDATES
from sf_insights.domain.accounts.statuses import MATCHED, STATUSES
from sf_insights.settings.environment import Places, environment
from sf_insights.settings.home import shown_path
from sf_insights.warehouse.reading import reading_snapshot
from sf_insights.warehouse.reports import worklists
from sf_insights.warehouse.reports.candidates import salesforce_candidates
from sf_insights.warehouse.reports.worklists import UNMATCHED, Narrowed

_COLUMNS = (
    "account_number",
    "account_name",
    "crm_account_id",
    "match_status",
    "match_status_since",
    "match_reason",
    "account_id",
)
_CANDIDATE_PARTS = ("id", "name", "similarity")
_UNMATCHED = [status for status in STATUSES if status not in MATCHED]


@click.command()
@click.option("--status", type=click.Choice(_UNMATCHED), help="Only accounts with this status.")
@listing_options("accounts")
def unmatched(status: str | None, limit: int, csv_path: Path | None, as_json: bool) -> None:
    """List accounts without a match, the reason, and likely candidates.

    Candidates are up to three Salesforce Accounts with a similar name or website. They are only suggestions: to match
    an account, enter the right id as its CRM Account ID in Zuora.
    """
    places = Places.from_environment(environment())
    with reading_snapshot(places.snapshot) as tx:
        counts = worklists.counts(tx, UNMATCHED)
        seen = worklists.rows(tx, UNMATCHED, Narrowed(group=status or ""), None if csv_path or as_json else limit)
        candidates = salesforce_candidates(tx, None if csv_path or as_json else seen)
        rows = [row | {"candidates": candidates.get(row["account_id"], [])} for row in seen]
    if as_json:
        print_json({"counts": _of(status, counts), "accounts": rows})
    elif csv_path:
        _write(csv_path, rows)
        click.echo(f"Wrote {len(rows)} accounts without a match to {csv_path}.")
    else:
        _show(terminal(), rows, counts, status, places)


def _of(status: str | None, counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if status in (None, name)}


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    heads = [f"candidate_{number}_{what}" for number in range(1, MOST_CANDIDATES + 1) for what in _CANDIDATE_PARTS]
    lines = []
    for row in rows:
        candidates = [entry[what] for entry in row["candidates"] for what in _CANDIDATE_PARTS]
        lines.append([*(row[name] for name in _COLUMNS), *candidates])
    write_csv(path, [*_COLUMNS, *heads], lines)


def _show(
    console: Console, rows: list[dict[str, Any]], counts: dict[str, int], status: str | None, places: Places
) -> None:
    if not counts:
        console.print("All accounts are matched.")
        return
    asked = _of(status, counts)
    console.print(", ".join(f"{count:,} {name}" for name, count in (asked or counts).items()))
    if not asked:
        console.print(f"No account has the status {status}.")
        return
    console.print()
    shown = table("Account", "Reason and candidates")
    shown.columns[0].width = 22
    for row in rows:
        candidates = [f"{entry['id']} {one_line(entry['name'], 34)}" for entry in row["candidates"]]
        shown.add_row(
            f"{one_line(row['account_number'])}\n{one_line(row['account_name'], 22)}",
            "\n".join([row["match_reason"], *(f"  ? {candidate}" for candidate in candidates)]) + "\n",
        )
    console.print(shown)
    total = sum(asked.values())
    console.print(f"{len(rows):,} of {total:,} accounts without a match, from {shown_path(places.snapshot)}.")
    console.print("To match one, enter the right id as its CRM Account ID in Zuora before the next sync.")
    narrowed = f" --status {status}" if status else ""
    written = f"{program()} unmatched{narrowed} --csv unmatched.csv"
    next_steps(console, [("Write all of them for a spreadsheet:", written)])
