"""Edit single settings in the text of the administrator's YAML file; every other character stays."""

from __future__ import annotations

import json
import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode


def with_setting(text: str, path: tuple[str, ...], value: Any) -> str | None:
    """Return the YAML text with this setting, or None if the text has a form that cannot be edited.

    Args:
        text: the YAML text.
        path: the keys on the way to the setting, such as ("guards", "max_row_drop").
        value: a text, a number, true or false, or a list of texts.
    """
    root = YAML().compose(text)
    if not isinstance(root, MappingNode) or root.flow_style:
        return None
    outer = _under(root, path[0])
    if outer is None:
        lines = f"{path[0]}: {_written(value)}" if len(path) == 1 else f"{path[0]}:\n  {path[1]}: {_written(value)}"
        return _appended(text, lines)
    if len(path) == 1:
        return _replaced(text, *outer, value)
    node = outer[1]
    if not isinstance(node, MappingNode) or not node.value:
        return None
    inner = _under(node, path[1])
    if inner is not None:
        return _replaced(text, *inner, value)
    key, last = node.value[-1]
    if node.flow_style:
        end = last.end_mark.index
        return f"{text[:end]}, {path[1]}: {_written(value)}{text[end:]}"
    newline = "\r\n" if "\r\n" in text else "\n"
    end = text.find("\n", len(text[: last.end_mark.index].rstrip()))
    head = text if end < 0 else text[: end + 1]
    if not head.endswith("\n"):
        head += newline
    return f"{head}{' ' * key.start_mark.column}{path[1]}: {_written(value)}{newline}{text[len(head) :]}"


def _under(node: MappingNode, name: str) -> tuple[Node, Node] | None:
    return next(((key, value) for key, value in node.value if key.value == name), None)


def _replaced(text: str, key: Node, node: Node, value: Any) -> str | None:
    """Return the text with another value of a key, or None if comments inside the present value would be lost."""
    start, end = node.start_mark.index, node.end_mark.index
    if start == end:  # a key without a value
        return f"{text[:start]} {_written(value)}{text[start:]}"
    if isinstance(node, SequenceNode) and not node.flow_style:
        edited = _with_items(text, node.value, value)
        if edited is not None:
            return edited
        start = text.index(":", key.end_mark.index) + 1  # a block list begins on its own line
        end = node.value[-1].end_mark.index  # the end of a block list is the start of the next key
    was = text[start:end]
    may_hold_comments = isinstance(node, SequenceNode) or was[0] in "|>"  # in a text on one line, # is no comment
    if may_hold_comments and re.search(r"(^|\s)#", was):
        return None
    if isinstance(node, SequenceNode) and not node.flow_style and "#" in text[end:].partition("\n")[0]:
        return None  # what it says of the last item would then be said of the whole list
    kept = was[len(was.rstrip()) :]
    margin = " " if was[0].isspace() else ""
    return f"{text[:start]}{margin}{_written(value)}{kept}{text[end:]}"


def _with_items(text: str, items: list[Node], values: list[Any]) -> str | None:
    """Return the text with the lines of removed items removed and new items below the last; all other lines stay.

    None if the items that stay have another order, if none stays, or if an item is not on a line of its own.
    """
    present = [item.value for item in items]
    stay = [name for name in present if name in values]
    if not stay or values[: len(stay)] != stay:
        return None
    newline = "\r\n" if "\r\n" in text else "\n"
    if not text.endswith("\n"):
        text += newline
    lines = [text.rfind("\n", 0, item.start_mark.index) + 1 for item in items]
    margins = [text[line : item.start_mark.index] for line, item in zip(lines, items, strict=True)]
    if any(
        margin.strip() != "-" or item.start_mark.line != item.end_mark.line
        for margin, item in zip(margins, items, strict=True)
    ):
        return None
    end = text.index("\n", items[-1].end_mark.index) + 1
    new = "".join(f"{margins[0]}{_written(name)}{newline}" for name in values[len(stay) :])
    text = text[:end] + new + text[end:]
    for line, item in list(zip(lines, items, strict=True))[::-1]:
        if item.value not in values:
            text = text[:line] + text[text.index("\n", item.end_mark.index) + 1 :]
    return text


def _appended(text: str, lines: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text or text.endswith("\n") else newline
    return f"{text}{gap}{lines.replace(chr(10), newline)}{newline}"


def _written(value: Any) -> str:
    """Return a value in YAML's syntax; texts in double quotes, so that YAML never reads them as another type."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value))}]"
    return json.dumps(value, ensure_ascii=False)
