"""The administrator's file: read, and edited so that everything else in it stays as it was written."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import Node, ScalarNode

from sf_insights.domain.api_names import ByApiName
from sf_insights.domain.field_types import Category
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.selection import AccountFieldSync, parse_configuration
from sf_insights.resources.durable import locked_directory, replace_content

_EDITOR_SECONDS = 30.0


def load_configuration(path: Path) -> AccountFieldSync:
    """Read and validate the administrator's file.

    Raises:
        ConfigurationProblem: it cannot be read, is no YAML, or asks for what cannot be.
    """
    return _configuration(path, _content(path, _text(path)))


@dataclass(frozen=True)
class ConfigurationFile:
    """The administrator's file as it was read at one moment: its text, and what the text says."""

    path: Path
    text: str
    configuration: AccountFieldSync

    @classmethod
    def read(cls, path: Path) -> ConfigurationFile:
        """Read and validate it; raises as `load_configuration` does."""
        text = _text(path)
        return cls(path, text, _configuration(path, _content(path, text)))

    @property
    def fingerprint(self) -> str:
        """A short text that differs when any character of the file does."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def with_selection(self, selection: Mapping[str, Category]) -> ConfigurationFile:
        """This file as it would be with exactly these fields selected, by API name (case ignored); writes nothing.

        Entries that stay keep their place and whatever else they say; new ones follow the last one, in the order given.

        Raises:
            ConfigurationProblem: that cannot be selected, or the list is written in a way that this cannot edit.
        """
        chosen, before = ByApiName(selection), self.configuration.by_field
        new = [(name, category) for name, category in chosen.items() if name not in before]
        content = self.configuration.model_dump(by_alias=True, exclude_unset=True)
        content["fields"] = [
            {**entry.model_dump(by_alias=True, exclude_unset=True), "as": chosen[name]}
            for name, entry in before.items()
            if name in chosen
        ] + [{"field": name, "as": category} for name, category in new]
        wanted = _configuration(self.path, content)
        entries = [chosen.get(name) for name in before]
        text = _with_entries(self.text, entries, [entry.category for entry in before.values()], new)
        edited = self._edited(text, wanted)
        if edited is None:
            raise ConfigurationProblem(
                f"{self.path.name}: the list under `fields:` is written in a way that this cannot edit.",
                "Write each field on a line of its own, such as `- Industry`, or edit the file by hand.",
            )
        return edited

    def with_labels(self, labels: Mapping[str, str | None]) -> ConfigurationFile:
        """This file as it would be with these labels of selected fields, every other character alone; writes nothing.

        Args:
            labels: by API name (case ignored): the text, or None for `label: null`, which returns to the default.

        Raises:
            ConfigurationProblem: a field is not selected, a text cannot be a label, or its entry is written in a way
                that this cannot edit.
        """
        file = self
        for field, label in labels.items():
            file = file._with_label(field, label)
        return file

    def _with_label(self, field: str, label: str | None) -> ConfigurationFile:
        selected = self.configuration.by_field
        if field not in selected:
            raise ConfigurationProblem(
                f"{self.path.name}: {field} is not selected, so it has no label.",
                f"Select it first: `sf-insights select {field}`; `sf-insights fields` lists what can be.",
            )
        place = list(selected).index(selected.spelling(field))
        content = self.configuration.model_dump(by_alias=True, exclude_unset=True)
        content["fields"][place]["label"] = label
        wanted = _configuration(self.path, content)
        edited = self._edited(_text_with_label(self.text, place, _scalar(label)), wanted)
        if edited is None:
            raise ConfigurationProblem(
                f"{self.path.name}: the entry of {field} is written in a way that this cannot edit.",
                f"Write there by hand: label: {_scalar(label)}",
            )
        return edited

    def _edited(self, text: str | None, wanted: AccountFieldSync) -> ConfigurationFile | None:
        """This file with another text, if that says what is wanted and nothing else."""
        try:
            edited = _configuration(self.path, _content(self.path, text)) if text is not None else None
        except ConfigurationProblem:
            return None
        if text is None or edited is None or _meaning(edited) != _meaning(wanted):
            return None
        return ConfigurationFile(self.path, text, edited)

    def replace(self, edited: ConfigurationFile) -> None:
        """Write the edited text, if the file still is what was read. Call it while `editing` holds the file.

        Raises:
            ConfigurationProblem: it was changed meanwhile, or it cannot be written; it stays as it is.
        """
        if _text(self.path) != self.text:
            raise ConfigurationProblem(
                f"{self.path.name} was changed meanwhile, so nothing was written.", "Try again: it is read anew."
            )
        _replace(self.path, edited.text)


@contextmanager
def editing(path: Path) -> Iterator[ConfigurationFile]:
    """The administrator's file, kept from every other command and page until the block ends.

    What is read here and written with `replace` loses no edit of theirs. An editor such as vi does not wait: `replace`
    refuses to write over what it saved meanwhile.

    Raises:
        ConfigurationProblem: as `load_configuration`, or another command or page keeps the file.
    """
    _text(path)  # a file that is not there is named as such
    with ExitStack() as lock:
        try:
            lock.enter_context(locked_directory(path.resolve().parent, _EDITOR_SECONDS))
        except TimeoutError:
            raise ConfigurationProblem(
                f"{path.name} has been kept by another command or page for {_EDITOR_SECONDS:.0f} s, so nothing was "
                "written.",
                "Wait for it to end, or stop it, and try again.",
            ) from None
        except OSError as error:
            raise _unwritable(path, error) from None
        yield ConfigurationFile.read(path)


def take_back(written: ConfigurationFile, before: ConfigurationFile) -> None:
    """Write the file as it was before an edit.

    Raises:
        ConfigurationProblem: it was changed after the edit; it stays as it is.
    """
    with editing(written.path):
        written.replace(before)


def _meaning(configuration: AccountFieldSync) -> Any:
    """What a file says, whether an entry is silent on its label included."""
    return configuration.model_dump(exclude={"fields"}), [
        (entry.field, entry.category, entry.says_label, entry.label, entry.description)
        for entry in configuration.fields
    ]


def _with_entries(
    text: str, kept: list[Category | None], before: list[Category], new: list[tuple[str, Category]]
) -> str | None:
    """The YAML text with each entry of the list kept as a category or (None) left out, and new ones behind them.

    None when the list is written in one line with comments inside, which would get lost.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    if not text.endswith("\n"):
        text += newline
    (fields,) = (value for key, value in YAML().compose(text).value if key.value == "fields")
    edits: list[tuple[int, int, str]] = []
    for entry, category, was in zip(fields.value, kept, before, strict=True):
        if category is not None and category != was:
            edits += _as_edits(text, entry, category, fields.flow_style, newline)
    if fields.flow_style:
        return _with_flow_entries(text, fields, kept, new, edits)
    for entry, category in zip(fields.value, kept, strict=True):
        if category is None:
            dash = text.rindex("-", 0, entry.start_mark.index)
            edits.append((text.rfind("\n", 0, dash) + 1, _line_end(text, entry), ""))
    last = fields.value[-1]
    dash = text.rindex("-", 0, last.start_mark.index)
    margin = " " * (dash - text.rfind("\n", 0, dash) - 1)
    lines = [
        f"{margin}- {name}{newline}"
        if category == "attribute"
        else f"{margin}- field: {name}{newline}{margin}  as: {category}{newline}"
        for name, category in new
    ]
    end = _line_end(text, last)
    return _edited(text, [*edits, (end, end, "".join(lines))])


def _with_flow_entries(
    text: str,
    fields: Any,
    kept: list[Category | None],
    new: list[tuple[str, Category]],
    edits: list[tuple[int, int, str]],
) -> str | None:
    start, end = fields.start_mark.index, fields.end_mark.index
    if re.search(r"(^|\s)#", text[start:end]):
        return None
    entries = []
    for entry, category in zip(fields.value, kept, strict=True):
        first, last = entry.start_mark.index, entry.end_mark.index
        inside = [(a - first, b - first, more) for a, b, more in edits if first <= a <= last]
        if category is not None:
            entries.append(_edited(text[first:last], inside))
    entries += [name if category == "attribute" else f"{{field: {name}, as: {category}}}" for name, category in new]
    return f"{text[:start]}[{', '.join(entries)}]{text[end:]}"


def _as_edits(text: str, entry: Any, category: Category, in_flow: bool, newline: str) -> list[tuple[int, int, str]]:
    """What makes one entry say `as: category`."""
    start, end = entry.start_mark.index, entry.end_mark.index
    if isinstance(entry, ScalarNode):
        if in_flow:
            return [(start, end, f"{{field: {text[start:end]}, as: {category}}}")]
        return [(start, start, "field: "), _line_under(text, end, entry, f"as: {category}", newline)]
    parts = {key.value: value for key, value in entry.value}
    if "as" in parts:
        return [(parts["as"].start_mark.index, parts["as"].end_mark.index, category)]
    name_end = parts["field"].end_mark.index
    if entry.flow_style:
        return [(name_end, name_end, f", as: {category}")]
    return [_line_under(text, name_end, entry, f"as: {category}", newline)]


def _line_under(text: str, index: int, entry: Node, line: str, newline: str) -> tuple[int, int, str]:
    end = text.index("\n", index) + 1
    return end, end, " " * entry.start_mark.column + line + newline


def _line_end(text: str, entry: Any) -> int:
    """Where the line after the last one of an entry begins; comments on lines below do not belong to it."""
    node = entry
    while not isinstance(node, ScalarNode) and not node.flow_style and node.value:
        node = node.value[-1][1] if isinstance(node.value[-1], tuple) else node.value[-1]
    content = text[: node.end_mark.index].rstrip()
    return text.index("\n", len(content)) + 1


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    """The text with parts (from, to) of it replaced; of two at one place, the one given first comes first."""
    ordered = sorted(enumerate(edits), key=lambda numbered: (*numbered[1][:2], numbered[0]), reverse=True)
    for _, (start, end, replacement) in ordered:
        text = text[:start] + replacement + text[end:]
    return text


def _text_with_label(text: str, place: int, label: str) -> str:
    """The YAML text with this label in the entry at `place`, by the positions at which its parts stand."""
    (fields,) = (value for key, value in YAML().compose(text).value if key.value == "fields")
    entry = fields.value[place]
    if isinstance(entry, ScalarNode):
        if fields.flow_style:
            name = text[entry.start_mark.index : entry.end_mark.index]
            return _spliced(text, entry, f"{{field: {name}, label: {label}}}")
        return _with_line(
            _inserted(text, entry.start_mark.index, "field: "), entry.end_mark.index, entry, f"label: {label}"
        )
    parts = {key.value: (key, value) for key, value in entry.value}
    if "label" in parts:
        key, old = parts["label"]
        was = text[old.start_mark.index : old.end_mark.index]
        if was:
            return _spliced(text, old, label + was[len(was.rstrip()) :])
        colon = text.index(":", key.end_mark.index)
        return _inserted(text, colon + 1, f" {label}")
    name_end = parts["field"][1].end_mark.index
    if entry.flow_style:
        return _inserted(text, name_end, f", label: {label}")
    return _with_line(text, name_end, entry, f"label: {label}")


def _spliced(text: str, node: Node, replacement: str) -> str:
    return text[: node.start_mark.index] + replacement + text[node.end_mark.index :]


def _inserted(text: str, index: int, addition: str) -> str:
    return text[:index] + addition + text[index:]


def _with_line(text: str, index: int, entry: Node, line: str) -> str:
    """A line of its own under that of `index`, as far in as the entry."""
    end, newline = text.find("\n", index), "\n"
    end = len(text) if end < 0 else end
    if text[:end].endswith("\r"):
        end, newline = end - 1, "\r\n"
    return _inserted(text, end, newline + " " * entry.start_mark.column + line)


def _scalar(label: str | None) -> str:
    """As YAML writes it: a text in double quotes, so that it is read as text whatever it says."""
    if label is None:
        return "null"
    quoted = json.dumps(label, ensure_ascii=False)
    return "".join(character if character.isprintable() else f"\\U{ord(character):08x}" for character in quoted)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationProblem(
            f"{path} does not exist.",
            "Copy data/account_field_sync.yaml of the checkout there, or set SF_INSIGHTS_CONFIG to where it is.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationProblem(f"{path} cannot be read: {error}.", "It must be a text file in UTF-8.") from None


def _content(path: Path, text: str) -> Any:
    try:
        return YAML().load(text)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        # A day that no month has, a number that is none, brackets without end: ruamel lets Python's own errors through.
        said = str(error).splitlines() or [type(error).__name__]
        raise ConfigurationProblem(
            f"{path.name} is no valid YAML: {said[0]}.", "Put texts that look like something else in quotes."
        ) from None
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = getattr(error, "problem", None) or "it cannot be parsed"
        raise ConfigurationProblem(f"{path.name} is no valid YAML{where}: {what}.", "Mend that line.") from None


def _configuration(path: Path, content: Any) -> AccountFieldSync:
    try:
        return parse_configuration(content)
    except ConfigurationProblem as problem:
        raise ConfigurationProblem(f"{path.name}: {problem.what}", problem.remedy) from None


def _replace(path: Path, text: str) -> None:
    try:
        file = path.resolve(strict=True)  # a link stays a link
        mark = codecs.BOM_UTF8 if file.read_bytes().startswith(codecs.BOM_UTF8) else b""
        replace_content(file, mark + text.encode())
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> ConfigurationProblem:
    return ConfigurationProblem(
        f"{path.name} cannot be written: {error.strerror}. It is as it was.",
        f"Make room, or let this user write into {path.resolve().parent}.",
    )
