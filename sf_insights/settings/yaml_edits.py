"""Edit the text of the administrator's YAML file without changing any other character."""

from __future__ import annotations

import json
import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import Node, ScalarNode

from sf_insights.domain.fields.field_types import Category


def with_entries(
    text: str, kept: list[Category | None], before: list[Category], new: list[tuple[str, Category]]
) -> str | None:
    """Return the YAML text with the list of fields changed, or None if the list cannot be edited.

    Args:
        text: the YAML text.
        kept: for each entry of the list, its new category, or None to remove it.
        before: for each entry of the list, its present category.
        new: names and categories of entries to add at the end.

    A flow list (`[A, B]`) with comments inside cannot be edited, since the comments would be lost.
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
    """Return the edits that set `as: category` in one entry."""
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
    """Return the start of the line after an entry; comments on lines below do not belong to the entry."""
    node = entry
    while not isinstance(node, ScalarNode) and not node.flow_style and node.value:
        node = node.value[-1][1] if isinstance(node.value[-1], tuple) else node.value[-1]
    content = text[: node.end_mark.index].rstrip()
    return text.index("\n", len(content)) + 1


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    """Apply edits (start, end, replacement) to the text; edits at the same position keep their order."""
    ordered = sorted(enumerate(edits), key=lambda numbered: (*numbered[1][:2], numbered[0]), reverse=True)
    for _, (start, end, replacement) in ordered:
        text = text[:start] + replacement + text[end:]
    return text


def with_entry_setting(text: str, place: int, setting: str, value: str) -> str:
    """Return the YAML text with this setting, such as label, in the entry at index `place`; `value` is YAML."""
    (fields,) = (value for key, value in YAML().compose(text).value if key.value == "fields")
    entry = fields.value[place]
    if isinstance(entry, ScalarNode):
        if fields.flow_style:
            name = text[entry.start_mark.index : entry.end_mark.index]
            return _spliced(text, entry, f"{{field: {name}, {setting}: {value}}}")
        return _with_line(
            _inserted(text, entry.start_mark.index, "field: "), entry.end_mark.index, entry, f"{setting}: {value}"
        )
    parts = {key.value: (key, value) for key, value in entry.value}
    if setting in parts:
        key, old = parts[setting]
        was = text[old.start_mark.index : old.end_mark.index]
        if was:
            return _spliced(text, old, value + was[len(was.rstrip()) :])
        colon = text.index(":", key.end_mark.index)
        return _inserted(text, colon + 1, f" {value}")
    name_end = parts["field"][1].end_mark.index
    if entry.flow_style:
        return _inserted(text, name_end, f", {setting}: {value}")
    return _with_line(text, name_end, entry, f"{setting}: {value}")


def _spliced(text: str, node: Node, replacement: str) -> str:
    return text[: node.start_mark.index] + replacement + text[node.end_mark.index :]


def _inserted(text: str, index: int, addition: str) -> str:
    return text[:index] + addition + text[index:]


def _with_line(text: str, index: int, entry: Node, line: str) -> str:
    """Insert a line below that of `index`, indented like the entry."""
    end, newline = text.find("\n", index), "\n"
    end = len(text) if end < 0 else end
    if text[:end].endswith("\r"):
        end, newline = end - 1, "\r\n"
    return _inserted(text, end, newline + " " * entry.start_mark.column + line)


def scalar(value: str | bool | None) -> str:
    """Return a setting as a YAML scalar; texts are in double quotes, so that YAML never reads them as another type."""
    if value is None:
        return "null"
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(character if character.isprintable() else f"\\U{ord(character):08x}" for character in quoted)
