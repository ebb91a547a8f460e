"""sf-insights fields: every Account field, and what it can become."""

from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console

from sf_insights.cli.catalog import Catalog, ask_for_catalog, say_trouble
from sf_insights.cli.console import STATE_STYLES, next_steps, one_line, print_json, program, terminal
from sf_insights.cli.console import table as new_table
from sf_insights.domain.configuration import AccountFieldSync, SelectedField
from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.settings.configuration_file import load_configuration
from sf_insights.settings.environment import Places, environment
from sf_insights.warehouse.fields.published_fields import PublishedFields, published_fields

_OTHER_COLUMNS = 56  # width of the columns beside the names


@click.command()
@click.option("--search", metavar="TEXT", default="", help="Only fields with this in their API name, label or type.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead, for scripts.")
def fields(search: str, as_json: bool) -> None:
    """List the Account fields: which can be synced, which are selected.

    Shows what each field can become, what it is selected as, its label and its status. Asks the org. If the org cannot
    be reached, lists the fields of the last published sync and says so.
    """
    variables = environment()
    places = Places.from_environment(variables)
    configuration = load_configuration(places.configuration)
    published = published_fields(places.snapshot)
    catalog = ask_for_catalog(variables, published)
    rows = _rows(catalog.fields, configuration, published)
    wanted = [row for row in rows if _matches(row, search)]
    if as_json:
        print_json({"source": catalog.source, "trouble": catalog.trouble and str(catalog.trouble), "fields": wanted})
    else:
        _show(terminal(), wanted, len(rows), catalog)


def _rows(
    catalog: ByApiName[AccountField], configuration: AccountFieldSync, published: PublishedFields
) -> list[dict[str, Any]]:
    selected = configuration.by_field
    gone = [published.states.spelling(name) for name in selected if name not in catalog]
    rows = [_row(name, field, selected.get(name), published) for name, field in catalog.items()]
    rows += [_row(name, None, selected[name], published) for name in gone]
    return sorted(rows, key=lambda row: row["field"].casefold())


def _row(
    name: str, field: AccountField | None, entry: SelectedField | None, published: PublishedFields
) -> dict[str, Any]:
    state, label = published.states.get(name), published.labels.get(name)
    status: str | None = state.status if state else None
    if entry and (state is None or state.status == "deselected" or state.category != entry.category):
        status = "pending"
    reason = state.status_reason if state and status == state.status else None
    if field is None:
        status = state.status if state and state.status in ("paused", "pending") else "unknown"
        reason = reason or "the org shows no field of this name"
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
    catalog: Catalog,
) -> None:
    say_trouble(console, catalog)
    shown = new_table("Field", "Type", "Can be", "Selected as")
    width = max((len(row["field"]) for row in rows), default=0)
    shown.columns[0].min_width, shown.columns[0].no_wrap = width, True
    room = max(width, 24, console.width - _OTHER_COLUMNS) - 2  # for the label under the name
    for row in rows:
        chosen = f"{row['selected_as']}, {row['status']}" if row["selected_as"] else row["status"] or ""
        below = [row["label"] or "", row["status_reason"] or ""] if row["selected_as"] else []
        type_ = f"{row['type'] or '–'}{' (formula)' if row['is_formula'] else ''}"
        shown.add_row(
            f"{row['field']}\n  {one_line(row['salesforce_label'], room)}",
            type_,
            "either" if len(row["can_be"]) > 1 else "".join(row["can_be"]) or "–",
            row["cannot_because"] or "\n".join([chosen, *(one_line(text) for text in below if text)]),
            style=STATE_STYLES["paused"] if row["status"] in ("paused", "unknown") else None,
        )
    if rows:
        console.print(shown)
        console.print()
    console.print(f"{len(rows)} of {of_all} fields, from {catalog.source}. Either: attribute or metric.")
    next_steps(
        console,
        [
            (
                "Select a field for the next sync (a numerical field can be a metric):",
                f"{program()} select FIELD [--as metric]",
            ),
            ("Change the label that people see for a selected field:", f'{program()} label FIELD "Your label"'),
        ],
    )
