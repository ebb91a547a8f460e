"""sf-insights fields: every Account field, and what may be done with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click
from rich.console import Console

from sf_insights.cli.console import STATE_STYLES, next_steps, one_line, print_json, program, shown_path, terminal
from sf_insights.cli.console import table as new_table
from sf_insights.domain.field_types import AccountField
from sf_insights.domain.problems import ConnectionProblem, Problem
from sf_insights.domain.selection import AccountFieldSync, SelectedField
from sf_insights.resources import field_tables, settings
from sf_insights.resources.salesforce import SalesforceOrg
from sf_insights.resources.transport import RetryPolicy
from sf_insights.resources.warehouse import reading_snapshot

_QUICK = RetryPolicy(tries=2, first_wait=0.5)


@dataclass(frozen=True)
class _Known:
    """What the last published sync knows: the catalog, and of each field its status and its label."""

    catalog: Mapping[str, AccountField]
    states: Mapping[str, Any]
    labels: Mapping[str, Any]


@click.command()
@click.option("--search", metavar="TEXT", default="", help="Only fields with this in their API name, label or type.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead, for scripts.")
def fields(search: str, as_json: bool) -> None:
    """List the Account fields: which can be synced, which are selected.

    With what each can become, is selected as, its label and its status. Asks the org; when that cannot be reached,
    lists the fields of the last published sync and says so.
    """
    variables = settings.environment()
    places = settings.Places.from_environment(variables)
    configuration = settings.load_configuration(places.configuration)
    known = _known(places)
    try:
        with SalesforceOrg.from_environment(variables, retry=_QUICK) as org:
            catalog = {entry["name"]: AccountField.from_describe(entry) for entry in org.describe_account()["fields"]}
            source, trouble = f"the org {org.org_id}", None
    except Problem as problem:
        if known is None:
            raise
        catalog, source, trouble = dict(known.catalog), "the last published sync", problem
    rows = _rows(catalog, configuration, known)
    wanted = [row for row in rows if _matches(row, search)]
    if as_json:
        print_json({"source": source, "trouble": trouble and str(trouble), "fields": wanted})
    else:
        _show(terminal(), wanted, len(rows), source, trouble, places)


def _known(places: settings.Places) -> _Known | None:
    if not places.snapshot.exists():
        return None
    with reading_snapshot(places.snapshot) as tx:
        return _Known(field_tables.load_catalog(tx), field_tables.load_states(tx), field_tables.load_labels(tx))


def _rows(
    catalog: Mapping[str, AccountField], configuration: AccountFieldSync, known: _Known | None
) -> list[dict[str, Any]]:
    selected = {entry.field.casefold(): entry for entry in configuration.fields}
    names = {name.casefold(): name for name in catalog}
    gone = {entry.field for entry in configuration.fields if entry.field.casefold() not in names}
    if known:
        gone = {next((name for name in known.states if name.casefold() == field.casefold()), field) for field in gone}
    rows = [_row(name, field, selected.get(name.casefold()), known) for name, field in catalog.items()]
    rows += [_row(name, None, selected[name.casefold()], known) for name in gone]
    return sorted(rows, key=lambda row: row["field"].casefold())


def _row(name: str, field: AccountField | None, entry: SelectedField | None, known: _Known | None) -> dict[str, Any]:
    state = known.states.get(name) if known else None
    label = known.labels.get(name) if known else None
    status = state.status if state else None
    if entry and (state is None or state.status == "deselected" or state.category != entry.category):
        status = "pending"
    reason = state.status_reason if state and status == state.status else None
    if field is None:
        status = state.status if state and state.status in ("paused", "pending") else "unknown"
        reason = reason or "the org does not show such a field"
    can_be: list[str] = []
    if field is not None and not field.refusal:
        can_be = ["attribute", "metric"] if field.is_numerical else ["attribute"]
    return {
        "field": name,
        "salesforce_label": field.label if field else state.salesforce_label if state else None,
        "type": field.type if field else state.salesforce_type if state else None,
        "can_be": can_be,
        "cannot_because": field.refusal if field else None,
        "is_formula": field.is_formula if field else None,
        "selected_as": entry.category if entry else None,
        "label": label.text if label else entry.label if entry else None,
        "status": status,
        "status_reason": reason,
    }


def _matches(row: Mapping[str, Any], search: str) -> bool:
    texts = (row["field"], row["salesforce_label"], row["label"], row["type"])
    return any(search.casefold() in text.casefold() for text in texts if text)


def _show(
    console: Console,
    rows: list[dict[str, Any]],
    of_all: int,
    source: str,
    trouble: Problem | None,
    places: settings.Places,
) -> None:
    if trouble is not None:
        why = "cannot be reached" if isinstance(trouble, ConnectionProblem) else "is not connected"
        console.print(f"The org {why}: {trouble}", style="yellow")
    shown = new_table("Field", "Type", "Can be", "Selected as")
    width = max((len(row["field"]) for row in rows), default=0)
    shown.columns[0].min_width, shown.columns[0].no_wrap = width, True
    for row in rows:
        chosen = f"{row['selected_as']}, {row['status']}" if row["selected_as"] else row["status"] or ""
        below = [row["label"] or "", row["status_reason"] or ""] if row["selected_as"] else []
        type_ = f"{row['type'] or '–'}{' (formula)' if row['is_formula'] else ''}"
        shown.add_row(
            f"{row['field']}\n  {one_line(row['salesforce_label'], max(width, 24) - 2)}",
            type_,
            "either" if len(row["can_be"]) > 1 else "".join(row["can_be"]) or "–",
            row["cannot_because"] or "\n".join([chosen, *(one_line(text) for text in below if text)]),
            style=STATE_STYLES["paused"] if row["status"] in ("paused", "unknown") else None,
        )
    if rows:
        console.print(shown)
        console.print()
    console.print(f"{len(rows)} of {of_all} fields, from {source}. Either: attribute or metric.")
    next_steps(
        console,
        [
            (
                "Select a field for the next sync by adding it under `fields:` here:",
                shown_path(places.configuration),
            ),
            ("Give a selected field the label that people should see:", f'{program()} label FIELD "Your label"'),
        ],
    )
