"""Edit single settings in the text of the administrator's YAML file; every other character stays."""

from __future__ import annotations

import json
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node


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
    node = _under(root, path[0])
    if len(path) == 1 or node is None:
        lines = f"{path[0]}: {_written(value)}" if len(path) == 1 else f"{path[0]}:\n  {path[1]}: {_written(value)}"
        return _appended(text, lines) if node is None else _replaced(text, node, _written(value))
    if not isinstance(node, MappingNode) or not node.value:
        return None
    inner = _under(node, path[1])
    if inner is not None:
        return _replaced(text, inner, _written(value))
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


def _under(node: MappingNode, name: str) -> Node | None:
    return next((value for key, value in node.value if key.value == name), None)


def _replaced(text: str, node: Node, written: str) -> str:
    start, end = node.start_mark.index, node.end_mark.index
    was = text[start:end]
    if not was:  # a key without a value
        return f"{text[:start]} {written}{text[start:]}"
    kept = was[len(was.rstrip()) :]  # the end of a block list is the start of the next key
    margin = "" if node.start_mark.line == node.end_mark.line or not kept else " "
    if margin:  # a block list begins on its own line
        start = text.rindex(":", 0, start) + 1
    return f"{text[:start]}{margin}{written}{kept}{text[end:]}"


def _appended(text: str, lines: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text or text.endswith("\n") else newline
    return f"{text}{gap}{lines.replace(chr(10), newline)}{newline}"


def _written(value: Any) -> str:
    """Return a value in YAML's syntax; texts in double quotes, so that YAML never reads them as another type."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value))}]"
    return json.dumps(value, ensure_ascii=False)
