"""sf-insights select and deselect: choose the fields of the next sync without editing the YAML."""

from collections.abc import Sequence

import click
from rich.console import Console

from sf_insights.cli.catalog import ask_for_catalog, say_trouble
from sf_insights.cli.console import heading, next_steps, program, terminal
from sf_insights.dagster_instance.next_sync import outlook
from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import Category
from sf_insights.domain.fields.masking import REMEDY, warning
from sf_insights.domain.fields.plan import nearest_names
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.editing.selection import Change, Selection, proposed, selection_of
from sf_insights.settings.configuration_file import ConfigurationFile, editing, load_configuration
from sf_insights.settings.environment import Places, environment
from sf_insights.settings.home import shown_path
from sf_insights.warehouse.fields.published_fields import PublishedFields, published_fields

_MARKS = {"add": ("+", "green"), "del": ("-", "red"), "same": (" ", "dim"), "gap": (" ", "dim")}


@click.command()
@click.argument("fields", metavar="FIELD...", nargs=-1, required=True)
@click.option(
    "--as",
    "category",
    type=click.Choice(["attribute", "metric"]),
    help="What they become: attribute by default; metric only for numerical fields.",
)
def select(fields: tuple[str, ...], category: Category | None) -> None:
    """Select FIELDs, given by API name, for the next sync.

    Adds all of them to the configuration file, or none if one is refused; comments and order stay. A field that is
    already selected stays as it is, unless you give --as.
    """
    variables = environment()
    places = Places.from_environment(variables)
    load_configuration(places.configuration)  # report an invalid file before asking the org
    published = published_fields(places.snapshot)
    catalog = ask_for_catalog(variables, published, wanted=fields)
    with editing(places.configuration) as file:
        selection = selection_of(file.configuration)
        for given in fields:
            name = catalog.fields.spelling(given)
            selection[name] = category or selection.get(name, "attribute")
        change = proposed(file, selection, catalog.fields, published)
        _write(file, change)
    console = terminal()
    say_trouble(console, catalog)
    _tell(console, places, change, published)
    for said in (warning(name, masked) for name, masked in catalog.masked.items() if name in selection):
        if said:
            console.print(f"\n{said} {REMEDY}", style="yellow")


@click.command()
@click.argument("fields", metavar="FIELD...", nargs=-1, required=True)
def deselect(fields: tuple[str, ...]) -> None:
    """Remove FIELDs, given by API name, from the next sync.

    Removes all of them from the configuration file, or none if one is refused. After the next sync, analysts no longer
    see these fields. Select a field again and its history and label return.
    """
    places = Places.from_environment(environment())
    published = published_fields(places.snapshot)
    with editing(places.configuration) as file:
        change = proposed(file, _without(file, fields), {}, published)
        _write(file, change)
    _tell(terminal(), places, change, published)


def _without(file: ConfigurationFile, fields: Sequence[str]) -> Selection:
    """Return the file's selection without these fields.

    Raises:
        ConfigurationProblem: one of them is not selected, or none is left.
    """
    selection = selection_of(file.configuration)
    for name in ByApiName((name, None) for name in fields):
        if name not in selection:
            near = " or ".join(nearest_names(name, selection))
            remedy = f"Did you mean {near}?" if near else f"Selected fields: {', '.join(selection)}."
            raise ConfigurationProblem(f"{file.path.name}: {name} is not selected.", remedy)
        del selection[name]
    if not selection:
        raise ConfigurationProblem(
            f"{file.path.name} must select at least one field.",
            "To stop syncing, set `enabled: false` in it.",
        )
    return selection


def _write(file: ConfigurationFile, change: Change) -> None:
    if not change.is_empty:
        file.replace(change.file)


def _tell(console: Console, places: Places, change: Change, published: PublishedFields) -> None:
    if change.is_empty:
        console.print("Nothing to change: they are already selected this way.")
        return
    for name, category in change.added:
        kept = published.states.get(name)
        again = "; its history and label return" if kept and kept.category == category else ""
        console.print(f"Selected    {name} as {_article(category)}{again}")
    for name, category in change.moved:
        console.print(f"Changed     {name} is now {_article(category)}; its history as the other is kept")
    for name in change.removed:
        console.print(f"Deselected  {name}; its history and label are kept")
    heading(console, shown_path(change.file.path))
    for kind, line in change.lines[1:]:  # the first line only marks a gap above
        mark, style = _MARKS[kind]
        console.print(f"  {mark} {line}".rstrip(), style=style, soft_wrap=True)
    console.print()
    brings = "New fields appear" if change.added else "The change appears"
    ahead = outlook(change.file.configuration, places, environment())
    console.print(f"{brings} after the next complete sync. {ahead}", style="yellow" if ahead.obstacle else None)
    next_steps(console, [("Sync now instead:", f"{program()} sync")])


def _article(category: Category) -> str:
    return "an attribute" if category == "attribute" else "a metric"
