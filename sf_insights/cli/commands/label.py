"""sf-insights label: set the label that people see instead of an API name."""

import click

from sf_insights import runs
from sf_insights.cli.commands.sync import end_when_failed
from sf_insights.cli.console import next_steps, program, terminal
from sf_insights.cli.progress import RunProgress
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.editing.labels import may_be_published, relabelled
from sf_insights.settings.configuration_file import ConfigurationFile, editing, take_back
from sf_insights.settings.environment import Places, environment
from sf_insights.settings.home import shown_path
from sf_insights.warehouse.fields.published_fields import published_fields


@click.command()
@click.argument("field")
@click.argument("text", required=False)
@click.option("--default", "to_default", is_flag=True, help="Return to the field's default label.")
def label(field: str, text: str | None, to_default: bool) -> None:
    """Set the label that people see for FIELD, an API name, to TEXT.

    Writes the label into the configuration file, keeping its comments, and publishes the snapshot again with the new
    label. Does not call Salesforce or sync. No sync changes a label set this way.
    """
    if (text is None) != to_default:
        raise click.UsageError("Give either the label text, in quotes, or --default.")
    places = Places.from_environment(environment())
    published = published_fields(places.snapshot)
    with editing(places.configuration) as file:
        edited, labels = relabelled(file, {field: text}, published)
        file.replace(edited)
    if may_be_published(places):
        _republish(file, edited, places)
        published = published_fields(places.snapshot)
    console = terminal()
    name = labels.spelling(field)
    console.print(f'{name} is labelled "{labels[name].text}".', style="green", soft_wrap=True)
    console.print(f"Written to {shown_path(places.configuration)}.", soft_wrap=True)
    if any(planned.name == name for planned in published.plan):
        console.print(
            f"Published in {shown_path(places.snapshot)}; analysts see it when they reconnect.", soft_wrap=True
        )
    else:
        next_steps(console, [("The label appears after the field's first sync:", f"{program()} sync")])


def _republish(before: ConfigurationFile, written: ConfigurationFile, places: Places) -> None:
    """Publish with the changed labels; if a label is refused, restore the file.

    Waits for a running sync. Keeps any edit that an administrator makes meanwhile.
    """
    name = written.path.name
    with RunProgress() as progress:
        outcome = runs.run_relabelling(on_news=progress)
    if outcome.is_refused_label:
        try:
            take_back(written, before)
        except ConfigurationProblem:
            end_when_failed(
                outcome, f"{name} was edited meanwhile, so it was not restored; remove the label from it yourself."
            )
        end_when_failed(outcome, f"{name} is unchanged.")
    if outcome.is_left_to_sync:
        if not places.snapshot.exists():
            return
        end_when_failed(outcome, f"The label is in {name}; the running sync publishes it when it ends.")
    end_when_failed(outcome, f"The label is in {name}; the next complete sync publishes it: {program()} sync")
