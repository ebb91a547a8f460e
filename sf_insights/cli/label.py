"""sf-insights label: what people see instead of an API name."""

from collections.abc import Mapping

import click

from sf_insights import runs
from sf_insights.cli.console import next_steps, program, shown_path, terminal
from sf_insights.cli.progress import RunProgress
from sf_insights.cli.sync import end_when_failed
from sf_insights.domain.dictionary import RESERVED_NAMES
from sf_insights.domain.labels import FieldLabel, LabelWish, assign_labels
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.selection import AccountFieldSync, parse_configuration
from sf_insights.resources import field_tables, settings
from sf_insights.resources.warehouse import reading_snapshot

_LABELS_STEP = "insights__field_labels"


@click.command()
@click.argument("field")
@click.argument("text", required=False)
@click.option("--default", "to_default", is_flag=True, help="Return to the label that the field had at first.")
def label(field: str, text: str | None, to_default: bool) -> None:
    """Give FIELD, an API name, the label TEXT that people see.

    It is written into the configuration file, which keeps its comments, and the snapshot is published again under the
    new label, without Salesforce and without a sync. No sync ever changes a label that was given so.
    """
    if (text is None) != to_default:
        raise click.UsageError("Give either the label's text, in quotes, or --default.")
    places = settings.Places.from_environment(settings.environment())
    wished = _with_label(settings.load_configuration(places.configuration), places.configuration.name, field, text)
    labels, is_synced = _labels_after(wished, places, field)

    before = settings.ConfigurationFile.read(places.configuration)
    settings.write_label(places.configuration, field, text)
    if places.snapshot.exists():
        _republish(before, settings.ConfigurationFile.read(places.configuration))
    console = terminal()
    name = next(name for name in labels if name.casefold() == field.casefold())
    console.print(f'{name} is labelled "{labels[name].text}".', style="green", soft_wrap=True)
    console.print(f"Written to {shown_path(places.configuration)}.", soft_wrap=True)
    if is_synced:
        console.print(
            f"Published in {shown_path(places.snapshot)}; analysts see it when they reconnect.", soft_wrap=True
        )
    else:
        next_steps(console, [("It becomes visible with the field's first sync:", f"{program()} sync")])


def _republish(before: settings.ConfigurationFile, written: settings.ConfigurationFile) -> None:
    """Publish under the changed labels; a label that is refused leaves the file as it was before.

    The lock may be waited for, and what an administrator writes meanwhile stays.
    """
    name = written.path.name
    with RunProgress() as progress:
        outcome = runs.run_relabelling(on_news=progress)
    if not outcome.success and outcome.failed_step in (None, _LABELS_STEP):
        try:
            written.replace(before)
        except ConfigurationProblem:
            end_when_failed(outcome, f"{name} was changed meanwhile and stays so; take the label out of it yourself.")
        end_when_failed(outcome, f"{name} is as it was.")
    end_when_failed(outcome, f"The label stands in {name}, and the next sync publishes it.")


def _with_label(configuration: AccountFieldSync, file: str, field: str, text: str | None) -> AccountFieldSync:
    """The configuration as it would be with the label.

    Raises:
        ConfigurationProblem: the field is not selected, or the text cannot be a label.
    """
    content = configuration.model_dump(by_alias=True, exclude_unset=True)
    entries = [entry for entry in content["fields"] if entry["field"].casefold() == field.casefold()]
    if not entries:
        raise ConfigurationProblem(
            f"{file}: {field} is not selected, so it has no label.",
            f"Add it under `fields:` first; `{program()} fields` lists what can be selected.",
        )
    entries[0]["label"] = text
    return parse_configuration(content)


def _labels_after(
    wished: AccountFieldSync, places: settings.Places, field: str
) -> tuple[Mapping[str, FieldLabel], bool]:
    """Every label as it will be, and whether this field has been synced.

    Raises:
        ConfigurationProblem: two fields would have the same label.
    """
    existing: Mapping[str, FieldLabel] = {}
    wishes: list[LabelWish] = []
    if places.snapshot.exists():
        with reading_snapshot(places.snapshot) as tx:
            existing = field_tables.load_labels(tx)
            wishes = field_tables.label_wishes(wished, field_tables.load_plan(tx))
    synced = {wish.field.casefold() for wish in wishes}
    wishes += [
        LabelWish(entry.field, entry.field, entry.says_label, entry.label)
        for entry in wished.fields
        if entry.field.casefold() not in synced
    ]
    return assign_labels(existing, wishes, wished.label_prefix, RESERVED_NAMES), field.casefold() in synced
